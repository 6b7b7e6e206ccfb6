/**
 * SQL for the age in milliseconds of a transaction of `INNODB_TRX` (`started`: its `trx_started`).
 * Both servers give that time in the time zone of the machine, and `NOW()` in that of the session:
 * compared as they are, a transaction of a second was nine hours old on a server with +09:00.
 */
export function transactionAgeMs(started: string): string {
  const now = "CONVERT_TZ(NOW(6), @@SESSION.time_zone, 'SYSTEM')";
  return `TIMESTAMPDIFF(MICROSECOND, ${started}, ${now}) / 1000`;
}

/**
 * SQL for when such a transaction began, in microseconds since 1970, in a session of any time zone.
 * Where clocks were set back, one local time names two instants: the earlier one is taken, so that no
 * transaction seems younger than it is.
 */
export function transactionBeganMicros(started: string): string {
  const utc = `CONVERT_TZ(${started}, 'SYSTEM', '+00:00')`;
  const earlier = `${utc} - INTERVAL 1 HOUR`;
  const isTwice = `CONVERT_TZ(${earlier}, '+00:00', 'SYSTEM') = ${started}`;
  return `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', IF(${isTwice}, ${earlier}, ${utc}))`;
}
