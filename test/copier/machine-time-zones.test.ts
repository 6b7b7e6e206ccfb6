import { longHolders, LowWaterMark, openSession } from '@switchyard/copier/internal';
import type { CopierSession } from '@switchyard/copier/internal';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';

/** InnoDB keeps its list of transactions until it was not read for 100 ms. */
const UNCACHED = { interval: 250, timeout: 5_000 };

// Servers give begin times of transactions in the zone of their machine, and the copier works in UTC.
describe.each(['Asia/Tokyo', 'America/New_York'])('a server on a machine in %s', (machineZone) => {
  let server: PrivateMysqlServer;
  let session: CopierSession;
  let other: Connection;
  beforeAll(async () => {
    server = await startMysqlServer({ machineZone });
    const setUp = await connectTo(server, 'mysql');
    await setUp.query('CREATE DATABASE zones');
    await setUp.query('CREATE TABLE zones.note (id INT PRIMARY KEY) ENGINE=InnoDB');
    await setUp.end();
    session = await openSession(() => connectTo(server, 'zones'));
    other = await connectTo(server, 'zones');
  });
  afterAll(async () => {
    other.destroy();
    session.connection.destroy();
    await server.stop();
  });

  const passes = (seconds: number) => session.connection.query('SELECT SLEEP(?)', [seconds]);
  const begin = async (id: number) => {
    await other.query('START TRANSACTION');
    await other.query('INSERT INTO note VALUES (?)', [id]);
  };
  const readFully = async (mark: LowWaterMark) => {
    await mark.beforeFullRead(session.connection);
    mark.afterFullRead(undefined);
    return mark.from;
  };

  it('does not let the log skip ids that were seen while a transaction was open', async () => {
    const mark = new LowWaterMark();
    await begin(1);
    await mark.note(session.connection, 5n);
    await passes(1.3);
    expect(await readFully(mark)).toBe(0n);
    await other.query('COMMIT');
    await expect.poll(() => readFully(mark), UNCACHED).toBe(5n);
  });

  it('lets the log skip ids that were seen before every open transaction began', async () => {
    const mark = new LowWaterMark();
    await mark.note(session.connection, 5n);
    await passes(2.3);
    await begin(2);
    expect(await readFully(mark)).toBe(5n);
    await other.query('COMMIT');
  });

  it('names a transaction that has held the table for more than a second', async () => {
    await begin(3);
    await passes(2.3);
    expect(await longHolders(session, 'note')).toEqual([
      expect.stringContaining(`connection ${other.threadId}, `),
    ]);
    await other.query('COMMIT');
    await expect.poll(() => longHolders(session, 'note'), UNCACHED).toEqual([]);
  });
});
