import { asDefinition, askSession } from '@switchyard/mysql/internal';
import { modesThatChangeTexts } from '@switchyard/shard-context/internal';
import type { LockFile, SessionDefinition, Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { AdoptionRefusedError } from './adopt-errors.ts';

/**
 * What the lock file is to say of sessions, so that adopting changes nothing: what it says already,
 * or what the database gives today.
 * @throws AdoptionRefusedError where that cannot be set on another server, and is not declared
 */
export async function sessionToKeep(
  connection: Connection,
  shard: Shard,
  lockFile: LockFile,
): Promise<SessionDefinition> {
  const kept = await lockFile.session();
  if (kept !== undefined) return kept;
  const { timeZone, sqlMode } = shard.session;
  const given = await askSession(connection);
  if (given.timeZone === undefined && timeZone === undefined) {
    throw refused(
      shard,
      'its sessions have the time zone SYSTEM, and the server knows no name that means the same',
      'Load the time zone tables of the server (mysql_tzinfo_to_sql), or declare `session.timeZone`',
    );
  }
  const changing = sqlMode === undefined ? modesThatChangeTexts(given.sqlMode) : [];
  if (changing.length > 0) {
    throw refused(
      shard,
      `its sql_mode has ${changing.join(', ')}, by which texts are read in another way`,
      'Declare `session.sqlMode` without it, after the application runs without it',
    );
  }
  if (given.isChangedAtLogin && (timeZone === undefined || sqlMode === undefined)) {
    throw refused(
      shard,
      'init_connect of its server sets the time zone or the mode, and adoption cannot tell which',
      'Declare `session: { timeZone, sqlMode }` as the application has them today',
    );
  }
  return asDefinition(given);
}

function refused(shard: Shard, reason: string, remedy: string): AdoptionRefusedError {
  return new AdoptionRefusedError(shard.name, reason, remedy);
}
