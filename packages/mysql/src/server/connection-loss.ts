import {
  driverFailure,
  failureNumber,
  failureText,
  ServerError,
  type DriverFailure,
} from './server-errors.ts';

/**
 * With these the server ends the connection, or says that it is going down: MySQL's answer to a
 * killed session is 3169, MariaDB's 1927. Not here: 1317, which ends a statement and keeps the
 * connection; where MySQL gives it before it closes a connection, the next statement finds out.
 */
const CONNECTION_ENDED: ReadonlySet<number> = new Set([
  ServerError.ER_SERVER_SHUTDOWN,
  ServerError.ER_NORMAL_SHUTDOWN,
  ServerError.ER_SHUTDOWN_COMPLETE,
  ServerError.ER_CONNECTION_KILLED,
  ServerError.CR_SERVER_GONE_ERROR,
  ServerError.CR_SERVER_LOST,
  ServerError.ER_SESSION_WAS_KILLED,
]);

/** The driver's and the operating system's words for a connection that broke, or was never made. */
const LOST_CODES: ReadonlySet<unknown> = new Set([
  'PROTOCOL_CONNECTION_LOST',
  // The driver gave up waiting for an answer: what comes later belongs to no statement.
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNRESET',
  'ECONNABORTED',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** The two sides could not agree on a log-in. The same comes again until one of them changes. */
const REFUSED_CODES: ReadonlySet<unknown> = new Set([
  'AUTH_SWITCH_PLUGIN_ERROR',
  'MYSQL_CLEAR_PASSWORD_NOT_ENABLED',
]);

/** System calls before there is a connection. */
const CONNECTING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);

/** No server can say these of a connection that it has. Where a host has several addresses, Node
 * names no system call. */
const NEVER_CONNECTED: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']);

/** mysql2's text where a statement comes after the end of its connection. */
const CLOSED = /closed state|connection is closed/i;

/**
 * True where there is no connection any more, or none came about: a statement under way has no
 * answer, and the same connection gives none to the next. Looks through TypeORM's errors and ours.
 * A server that refuses a log-in has answered: that is no loss.
 */
export function isConnectionLost(error: unknown): boolean {
  return innerErrors(error).some(saysLost);
}

/** True where nothing reached the server: no connection was made, or it was known to be gone. */
export function wasNotSent(error: unknown): boolean {
  return innerErrors(error).some(
    ({ syscall, code, message }) =>
      CONNECTING.has(syscall) || NEVER_CONNECTED.has(code) || CLOSED.test(String(message ?? '')),
  );
}

/** True where a connection could not be encrypted because of what the two sides want of it. */
export function isTlsRefusal(error: unknown): boolean {
  const { code, message } = driverFailure(error);
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return true;
  // mysql2 gives this code to a socket that broke as well.
  return code === 'HANDSHAKE_SSL_ERROR' && !BROKE.test(String(message));
}

const BROKE = /ECONNRESET|EPIPE|ETIMEDOUT|disconnected before secure/;

function saysLost(failure: DriverFailure): boolean {
  const number = failureNumber(failure);
  if (number === ServerError.ER_CLIENT_INTERACTION_TIMEOUT) return isInactivity(failure);
  if (number !== undefined) return CONNECTION_ENDED.has(number);
  if (REFUSED_CODES.has(failure.code) || isTlsRefusal(failure)) return false;
  if (LOST_CODES.has(failure.code)) return true;
  // mysql2 closes a connection whose error it calls fatal.
  return failure.fatal === true || CLOSED.test(failureText(failure));
}

/** MariaDB says with the same number that CREATE TRIGGER names a trigger that is not there. */
function isInactivity(failure: DriverFailure): boolean {
  return !/trigger/i.test(failureText(failure));
}

/** The error, then what it wraps, from outside to inside. */
function innerErrors(error: unknown): DriverFailure[] {
  const found: DriverFailure[] = [];
  let next = error;
  while (typeof next === 'object' && next !== null) {
    const failure = driverFailure(next);
    if (found.includes(failure)) break; // a cause that points at itself
    found.push(failure);
    next = failure.cause;
  }
  return found;
}
