const CODES = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
]);
/** Shutdown in progress, connection killed (MariaDB; MySQL says 1317 or nothing), idle time-out. */
const NUMBERS = new Set([1053, 1077, 1079, 1927, 2006, 2013, 4031]);

/** True where the answer of the server was lost with the connection: nobody knows what it did. */
export function isConnectionLoss(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, errno, fatal, message } = cause as Error & {
      code?: string;
      errno?: number;
      fatal?: boolean;
    };
    if (CODES.has(code ?? '') || NUMBERS.has(errno ?? 0)) return true;
    if (fatal === true && errno === undefined) return true;
    if (message.includes('closed state')) return true; // mysql2, on a connection that has ended
  }
  return false;
}
