import type { Connection } from 'mysql2/promise';
import { SwitchyardError } from '@switchyard/shard-context/internal';
import { rowsOf } from '../session/queries.ts';
import type { CopyNames } from '../table/copy-names.ts';

/** The tables beside the original are not those that any step of a copy leaves. */
export class CopyTablesChangedError extends SwitchyardError {
  static override readonly code = 'COPY_TABLES_CHANGED';
  constructor(table: string, found: readonly string[]) {
    super({
      attempted: `go on with the copy of table ${table}`,
      reason: `of its tables only these are there: ${found.join(', ') || 'none'}`,
      remedy: 'Find out who changed them, and restore the missing table before going on',
    });
  }
}

/** What the sentry of a swap on MariaDB is marked with: it is no old table with rows. */
export const SENTRY_COMMENT = 'Switchyard: sentry of a swap';

/**
 * Whether the swap has happened: found by looking which tables exist, because the answer to a
 * RENAME may be lost with its connection. The shadow is gone and the old table is there: yes.
 * @throws CopyTablesChangedError where the tables are those of no step
 */
export async function hasSwapped(session: Connection, names: CopyNames): Promise<boolean> {
  const rows = await rowsOf<{ name: string }>(
    session,
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?, ?, ?)`,
    [names.original, names.shadow, names.old],
  );
  const found = rows.map(({ name }) => name);
  const has = (name: string) => found.includes(name);
  if (has(names.original) && has(names.shadow)) return false;
  if (has(names.original) && has(names.old)) return true;
  throw new CopyTablesChangedError(names.original, found);
}
