import { transactionBeganMicros } from '@switchyard/mysql/internal';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectTo, startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';

let server: PrivateMysqlServer;
beforeAll(async () => {
  server = await startMysqlServer({ machineZone: 'America/New_York' });
});
afterAll(() => server.stop());

// On 2026-11-01 New York set its clocks back from 02:00 to 01:00.
it.each([
  ['in summer', '2026-07-01 12:00:00', '2026-07-01T16:00:00Z'],
  ['in winter', '2026-11-20 12:00:00', '2026-11-20T17:00:00Z'],
  ['at a time that came twice, the earlier', '2026-11-01 01:30:00', '2026-11-01T05:30:00Z'],
  ['right after that', '2026-11-01 02:00:00', '2026-11-01T07:00:00Z'],
])('the instant of a begin time %s, in a session of any zone', async (_when, local, instant) => {
  for (const zone of ['+00:00', 'SYSTEM', '+09:00']) {
    const looking = await connectTo(server, 'mysql');
    await looking.query('SET time_zone = ?', [zone]);
    const sql = `SELECT ${transactionBeganMicros('t.began')} AS micros
      FROM (SELECT CAST(? AS DATETIME) AS began) t`;
    const [rows] = await looking.query<RowDataPacket[]>(sql, [local]);
    await looking.end();
    expect(Number(rows[0]?.['micros'])).toBe(Date.parse(instant) * 1_000);
  }
});
