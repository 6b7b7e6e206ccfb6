/**
 * SQL for the age in milliseconds of a transaction of `INNODB_TRX` (`started`: its `trx_started`).
 * Both servers give that time in the time zone of the machine, and `NOW()` in that of the session:
 * compared as they are, a transaction of a second was nine hours old on a server with +09:00.
 */
export function transactionAgeMs(started: string): string {
  const now = "CONVERT_TZ(NOW(6), @@SESSION.time_zone, 'SYSTEM')";
  return `TIMESTAMPDIFF(MICROSECOND, ${started}, ${now}) / 1000`;
}
