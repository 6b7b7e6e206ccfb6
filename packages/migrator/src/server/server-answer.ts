/** The server's error number, or undefined where the error is not the server's. */
export function errorNumber(error: unknown): number | undefined {
  const { errno } = (error ?? {}) as { errno?: unknown };
  return typeof errno === 'number' ? errno : undefined;
}

/** The server's own words. */
export function serverMessage(error: unknown): string {
  const { sqlMessage, message } = (error ?? {}) as { sqlMessage?: string; message?: string };
  return sqlMessage ?? message ?? String(error);
}

/**
 * Numbers of those answers.
 * @see MySQL 9 and MariaDB 10.11 error references
 */
const ALREADY_THERE: ReadonlySet<number> = new Set([
  1007, // database exists
  1022, // duplicate key (MariaDB: foreign key of that name)
  1050, // table exists
  1051, // unknown table in DROP
  1060, // duplicate column
  1061, // duplicate key name
  1068, // multiple primary key defined
  1091, // cannot drop: does not exist
  1826, // duplicate foreign key or check name
  3822, // duplicate check constraint name
  3940, // constraint does not exist
]);

const CANNOT_CREATE = 1005;

/** True for an answer that means: what the statement asks for is there already, or gone already. */
export function saysAlreadyThere(error: unknown): boolean {
  const number = errorNumber(error) ?? 0;
  if (ALREADY_THERE.has(number)) return true;
  // MariaDB: a foreign key of that name.
  return number === CANNOT_CREATE && /errno: 121\b/.test(serverMessage(error));
}
