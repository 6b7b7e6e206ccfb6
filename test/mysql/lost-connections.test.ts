import { isConnectionLost, wasNotSent } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chosenEngine,
  connectTo,
  freshDatabase,
  mysqlServers,
  startMysqlServer,
  type FreshDatabase,
  type MysqlServer,
} from '../support/servers/index.ts';

let server: MysqlServer;
let database: FreshDatabase;
let admin: Connection;

beforeAll(async () => {
  [server] = (await mysqlServers(1)) as [MysqlServer];
  database = await freshDatabase(server, 'loss');
  admin = await open();
});

afterAll(async () => {
  await admin.end();
  await database.drop();
});

async function open(at: MysqlServer = server, name = database.name): Promise<Connection> {
  const connection = await connectTo(at, name);
  connection.on('error', () => undefined); // an idle connection is told by an event too
  return connection;
}

/** What a statement fails with. */
async function failureOf(statement: Promise<unknown>): Promise<unknown> {
  return statement.then(
    () => expect.fail('the statement did not fail'),
    (error: unknown) => error,
  );
}

/** Asked row by row: a SLEEP that stands alone answers 1 when it is interrupted. */
const LONG = 'SELECT SLEEP(1) FROM information_schema.TABLES';

const sessions = (thread: number, and = 'TRUE') =>
  expect.poll(
    async () => {
      const sql = `SELECT ID FROM information_schema.PROCESSLIST WHERE ID = ? AND ${and}`;
      const [rows] = await admin.query(sql, [thread]);
      return (rows as unknown[]).length;
    },
    { timeout: 10_000 },
  );
const untilRunning = (thread: number) => sessions(thread, 'INFO IS NOT NULL').toBe(1);
const untilGone = (thread: number) => sessions(thread).toBe(0);

describe('a lost connection, as the server shows it', () => {
  it('is a session that was killed while a statement ran: at once, or with the next one', async () => {
    const connection = await open();
    const running = failureOf(connection.query(LONG));
    await untilRunning(connection.threadId);
    await admin.query(`KILL CONNECTION ${connection.threadId}`);
    const first = await running;
    // MySQL may answer 1317 first, which alone says nothing of the connection.
    const last = isConnectionLost(first) ? first : await failureOf(connection.query('SELECT 1'));
    expect(isConnectionLost(last)).toBe(true);
  });

  it('is a session that was killed while it was idle', async () => {
    const connection = await open();
    await admin.query(`KILL CONNECTION ${connection.threadId}`);
    expect(isConnectionLost(await failureOf(connection.query('SELECT 1')))).toBe(true);
    const later = await failureOf(connection.query('SELECT 1'));
    expect([isConnectionLost(later), wasNotSent(later)]).toEqual([true, true]);
  });

  it('is one that stayed idle for longer than the server allows', async () => {
    const connection = await open();
    await connection.query('SET SESSION wait_timeout = 1');
    await untilGone(connection.threadId);
    expect(isConnectionLost(await failureOf(connection.query('SELECT 1')))).toBe(true);
  });

  it('is a server that shuts down under a statement, and one that is not there', async () => {
    const own = await startMysqlServer();
    try {
      const connection = await open(own, 'mysql');
      const running = failureOf(connection.query(LONG));
      await own.shutdown();
      const first = await running;
      const last = isConnectionLost(first) ? first : await failureOf(connection.query('SELECT 1'));
      expect(isConnectionLost(last)).toBe(true);
      const refused = await failureOf(connectTo(own, 'mysql'));
      expect([isConnectionLost(refused), wasNotSent(refused)]).toEqual([true, true]);
    } finally {
      await own.stop();
    }
  });

  it('is an answer that the driver does not wait for any longer', async () => {
    const connection = await open();
    const slow = await failureOf(connection.query({ sql: 'SELECT SLEEP(2)', timeout: 50 }));
    connection.destroy();
    expect([isConnectionLost(slow), wasNotSent(slow)]).toEqual([true, false]);
  });

  it('is no statement that was killed, no wrong password, and no trigger of MariaDB', async () => {
    const connection = await open();
    const running = failureOf(connection.query(LONG));
    await untilRunning(connection.threadId);
    await admin.query(`KILL QUERY ${connection.threadId}`);
    const killed = await running;
    expect(killed).toMatchObject({ errno: 1317 });
    expect(isConnectionLost(killed)).toBe(false);
    await connection.query('CREATE TABLE one (id INT)');
    const trigger = await failureOf(
      connection.query('CREATE TRIGGER a BEFORE INSERT ON one FOR EACH ROW FOLLOWS b SET @x = 1'),
    );
    expect(trigger).toMatchObject({ errno: chosenEngine() === 'mariadb' ? 4031 : 3011 });
    expect(isConnectionLost(trigger)).toBe(false);
    await expect(connection.query('SELECT 1')).resolves.toBeDefined();
    await connection.end();
    const denied = await failureOf(connectTo({ ...server, password: 'wrong' }, database.name));
    expect(isConnectionLost(denied)).toBe(false);
  });
});
