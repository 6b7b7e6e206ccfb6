import type { Engine, LockFile, SessionDefinition, Shard } from '@switchyard/shard-context';

/** What a session of the application has. */
export type Session = Readonly<
  Required<Pick<SessionDefinition, 'timeZone' | 'sqlMode'>> &
    Pick<SessionDefinition, 'charset' | 'collation'>
>;

const UTC = '+00:00';
const STRICT = [
  ...['STRICT_TRANS_TABLES', 'NO_ZERO_IN_DATE', 'NO_ZERO_DATE', 'ERROR_FOR_DIVISION_BY_ZERO'],
  'NO_ENGINE_SUBSTITUTION',
];
/** MySQL's own default. MariaDB has the mode too, and refuses queries that are right. */
const DEFAULT_MODE: Readonly<Record<Engine, string>> = {
  mysql: ['ONLY_FULL_GROUP_BY', ...STRICT].join(),
  mariadb: STRICT.join(),
};

/**
 * What sessions on a shard have: as the topology declares it, else as it was on the database that
 * was adopted, else in UTC and strict. @throws LockFileInvalidError
 */
export async function sessionOf(shard: Shard, lockFile: LockFile): Promise<Session> {
  const adopted = (await lockFile.session()) ?? {};
  const declared = shard.session;
  return {
    timeZone: declared.timeZone ?? adopted.timeZone ?? UTC,
    sqlMode: declared.sqlMode ?? adopted.sqlMode ?? DEFAULT_MODE[shard.server.engine],
    ...optional('charset', declared.charset ?? adopted.charset),
    ...optional('collation', declared.collation ?? adopted.collation),
  };
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined) {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<Name, Value>>;
}
