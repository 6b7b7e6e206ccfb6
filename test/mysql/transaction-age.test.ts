import { transactionAgeMs } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectTo, startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';

let server: PrivateMysqlServer;
let open: Connection;

beforeAll(async () => {
  server = await startMysqlServer({ args: ['--default-time-zone=+09:00'] });
  open = await connectTo(server, 'mysql');
  await open.query('CREATE TABLE test_age (id INT PRIMARY KEY) ENGINE=InnoDB');
  await open.query('START TRANSACTION');
  await open.query('INSERT INTO test_age VALUES (1)');
});
afterAll(async () => {
  open.destroy();
  await server.stop();
});

it.each(['SYSTEM', '+09:00', '+00:00', '-11:30'])(
  'a transaction is as old as it is, on a server of +09:00 and in a session of %s',
  async (zone) => {
    const looking = await connectTo(server, 'mysql');
    await looking.query('SET time_zone = ?', [zone]);
    const sql = `SELECT ${transactionAgeMs('trx_started')} AS age FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = ?`;
    const [rows] = await looking.query<RowDataPacket[]>(sql, [open.threadId]);
    await looking.end();
    expect(rows).toHaveLength(1);
    expect(Number(rows[0]?.['age'])).toBeGreaterThanOrEqual(0);
    expect(Number(rows[0]?.['age'])).toBeLessThan(60_000);
  },
);
