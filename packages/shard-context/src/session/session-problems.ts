import type { SessionDefinition } from './session-definition.ts';

/** `+09:00` as both servers take it, or a name of the time zone tables. */
const TIME_ZONE = /^([+-]\d{2}:\d{2}|[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*)$/;
const MODES = /^[A-Z_0-9]*(,[A-Z_0-9]+)*$/;
const COLLATION = /^[a-z0-9_]+$/;

/**
 * Modes by which a text means something else. The driver escapes values with backslashes, and
 * statements are judged by their tokens: both would be wrong. The names of other products set one.
 */
const CHANGE_TEXTS: ReadonlySet<string> = new Set([
  ...['ANSI', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES'],
  ...['DB2', 'MAXDB', 'MSSQL', 'ORACLE', 'POSTGRESQL'],
]);

const FIELDS: Readonly<
  Record<keyof SessionDefinition, readonly [holds: (value: string) => boolean, expected: string]>
> = {
  timeZone: [
    (value) => TIME_ZONE.test(value) && value.toUpperCase() !== 'SYSTEM',
    'expected an offset such as "+00:00" or a name such as "Europe/Berlin"',
  ],
  sqlMode: [
    (value) => MODES.test(value) && modesThatChangeTexts(value).length === 0,
    `expected names of modes in capitals, comma between, none of ${[...CHANGE_TEXTS].join(', ')}`,
  ],
  charset: [
    (value) => value === 'utf8mb4' || value === 'utf8mb3',
    'expected "utf8mb4" or "utf8mb3": the driver sends UTF-8',
  ],
  collation: [(value) => COLLATION.test(value), 'expected the name of a collation'],
};

/** The modes of a list by which statements would be read in another way than they were written. */
export function modesThatChangeTexts(sqlMode: string): string[] {
  return sqlMode.split(',').filter((mode) => CHANGE_TEXTS.has(mode));
}

/** Everything that is wrong with the sessions that are declared; empty where it is right. */
export function sessionProblems(session: unknown): { field: string; problem: string }[] {
  if (session === undefined) return [];
  if (typeof session !== 'object' || session === null) {
    return [{ field: 'session', problem: `is no object; its fields are ${names()}` }];
  }
  const given = session as Record<string, unknown>;
  const problems = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const rule = Object.hasOwn(FIELDS, name) ? FIELDS[name as keyof SessionDefinition] : undefined;
    if (rule === undefined) {
      return [{ field: `session.${name}`, problem: `is unknown; the fields are ${names()}` }];
    }
    if (typeof value === 'string' && rule[0](value)) return [];
    return [{ field: `session.${name}`, problem: `is ${JSON.stringify(value)}; ${rule[1]}` }];
  });
  return [...problems, ...collationOfAnotherSet(given)];
}

function collationOfAnotherSet({ charset = 'utf8mb4', collation }: Record<string, unknown>) {
  const fits = typeof collation !== 'string' || collation.startsWith(`${String(charset)}_`);
  const problem = `is ${JSON.stringify(collation)}, which is no collation of ${String(charset)}`;
  return fits ? [] : [{ field: 'session.collation', problem }];
}

function names(): string {
  return Object.keys(FIELDS).join(', ');
}
