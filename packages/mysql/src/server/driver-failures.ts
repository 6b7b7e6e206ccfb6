/** The parts of a driver's error that decide what a failure means. */
interface DriverFailure {
  readonly errno?: number;
  readonly code?: string;
  readonly fatal?: boolean;
  readonly message?: string;
  readonly driverError?: DriverFailure;
}

/** Deadlock; distributed deadlock; a record changed since it was read under snapshot isolation. */
const ROLLED_BACK = [1213, 1614, 1020];
const LOCK_WAIT_TIMEOUT = 1205;
/** The server ends the connection: shutdown, killed, gone, lost. */
const CONNECTION_ENDED = [1053, 1927, 2006, 2013, 3169, 4031];
const LOST_CODES = [
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'ER_SERVER_SHUTDOWN',
  'ER_CONNECTION_KILLED',
  'ER_CLIENT_INTERACTION_TIMEOUT',
];
/** No such table, column or right; SQL that this server does not speak. */
const ASK_FOR_CHANGE = [1146, 1054, 1064, 1142, 1143];
/** Statements refused because the server became read-only. */
const READ_ONLY_SERVER = [1290, 1836];

/** The driver's own error inside what TypeORM throws. */
function unwrap(error: unknown): DriverFailure {
  const failure = (error ?? {}) as DriverFailure;
  return failure.driverError ?? failure;
}

/** The driver's text of a failure; '' where there is none. */
export function failureText(error: unknown): string {
  return unwrap(error).message ?? '';
}

/** The server's number of a failure. */
export function failureNumber(error: unknown): number | undefined {
  return unwrap(error).errno;
}

/** True where the connection cannot be used any more. */
export function isConnectionLost(error: unknown): boolean {
  const { errno, code, fatal } = unwrap(error);
  if (fatal === true || CONNECTION_ENDED.includes(errno ?? 0)) return true;
  return LOST_CODES.includes(code ?? '') || wasNotSent(error);
}

/** True where the driver knew the connection to be gone before it sent anything. */
export function wasNotSent(error: unknown): boolean {
  return /closed state|connection is closed|is in closed/i.test(failureText(error));
}

/** True where the server has rolled back the whole transaction. */
export function hasRolledBack(error: unknown, rollsBackOnTimeout: boolean): boolean {
  const { errno } = unwrap(error);
  return ROLLED_BACK.includes(errno ?? 0) || (rollsBackOnTimeout && errno === LOCK_WAIT_TIMEOUT);
}

/** True where the server will say the same until schema, rights or code change. */
export function asksForChange(error: unknown): boolean {
  return ASK_FOR_CHANGE.includes(unwrap(error).errno ?? 0);
}

/** True where the writer turned out to be read-only, as after a failover. */
export function foundReadOnly(error: unknown): boolean {
  const { errno, message } = unwrap(error);
  return READ_ONLY_SERVER.includes(errno ?? 0) && /read[-_ ]only/i.test(message ?? '');
}
