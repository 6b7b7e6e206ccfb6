/**
 * What a statement does, as far as a data layer must know. `unknown` is what no one could tell; it
 * is treated as a write and refused in read-only contexts.
 */
export type StatementKind =
  'read' | 'write' | 'ddl' | 'transaction' | 'session' | 'admin' | 'lock' | 'call' | 'unknown';

/** Harmless first; of several statements in one text the last one in this list counts. */
export const BY_SEVERITY: readonly StatementKind[] = [
  'read',
  'session',
  'transaction',
  'lock',
  'call',
  'write',
  'ddl',
  'admin',
  'unknown',
];

/**
 * The kind of each statement verb of MySQL and MariaDB. Verbs whose kind depends on what follows
 * (SET, START, EXPLAIN, ANALYZE, BEGIN, LOAD, WITH, CREATE …) have the kind of their usual form
 * here; `classify.ts` looks further.
 * @see MySQL 8.4 Reference Manual, "SQL Statements"; MariaDB Knowledge Base, "SQL Statements"
 */
export const VERBS: ReadonlyMap<string, StatementKind> = new Map<string, StatementKind>([
  ...verbs('read', 'SELECT', 'SHOW', 'EXPLAIN', 'DESCRIBE', 'DESC', 'TABLE', 'VALUES', 'HELP'),
  ...verbs('read', 'WITH', 'DO', 'CHECKSUM'),
  ...verbs('write', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'LOAD', 'IMPORT'),
  ...verbs('ddl', 'CREATE', 'ALTER', 'DROP', 'RENAME', 'TRUNCATE', 'GRANT', 'REVOKE'),
  ...verbs('transaction', 'BEGIN', 'START', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'XA'),
  ...verbs('session', 'SET', 'USE', 'PREPARE', 'DEALLOCATE', 'HANDLER', 'GET', 'SIGNAL'),
  ...verbs('session', 'RESIGNAL'),
  ...verbs('admin', 'FLUSH', 'RESET', 'PURGE', 'KILL', 'SHUTDOWN', 'RESTART', 'CHANGE', 'STOP'),
  ...verbs('admin', 'INSTALL', 'UNINSTALL', 'CACHE', 'BINLOG', 'CLONE', 'BACKUP', 'OPTIMIZE'),
  ...verbs('admin', 'REPAIR', 'ANALYZE', 'CHECK'),
  ...verbs('lock', 'LOCK', 'UNLOCK'),
  ...verbs('call', 'CALL', 'EXECUTE'),
]);

/** Verbs that change rows; after an opening parenthesis they make a CTE or a subquery a write. */
export const WRITE_VERBS: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE']);

/** Words that can be the main verb after the CTEs of a WITH. */
export const WITH_VERBS: ReadonlySet<string> = new Set([
  ...WRITE_VERBS,
  'SELECT',
  'VALUES',
  'TABLE',
]);

/** Verbs that end an open transaction on their own. @see "Statements That Cause an Implicit Commit" */
export const COMMITS: ReadonlySet<string> = new Set([
  ...['ALTER', 'CREATE', 'DROP', 'RENAME', 'TRUNCATE', 'GRANT', 'REVOKE', 'BEGIN', 'START'],
  ...['LOCK', 'UNLOCK', 'ANALYZE', 'CACHE', 'CHECK', 'FLUSH', 'OPTIMIZE', 'REPAIR', 'RESET'],
  ...['INSTALL', 'UNINSTALL', 'CHANGE', 'STOP', 'IMPORT', 'CLONE', 'BACKUP'],
]);

function verbs(kind: StatementKind, ...names: string[]): [string, StatementKind][] {
  return names.map((name) => [name, kind]);
}
