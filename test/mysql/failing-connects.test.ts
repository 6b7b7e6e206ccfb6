import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionPool, logIn, ServerSlots, type PoolTarget } from '@switchyard/mysql/internal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  freshDatabase,
  mysqlServers,
  type FreshDatabase,
  type MysqlServer,
} from '../support/servers/index.ts';

const CONNECTIONS = 10;
const UNITS = 60;

let server: MysqlServer;
let database: FreshDatabase;

beforeAll(async () => {
  [server] = (await mysqlServers(1)) as [MysqlServer];
  database = await freshDatabase(server, 'connects');
});
afterAll(() => database.drop());

/** A pool whose opening fails at the times named, counted from 1. */
function poolFailingAt(fails: (opening: number) => boolean) {
  let openings = 0;
  const { user, password } = server;
  const credentials = () => {
    openings += 1;
    if (fails(openings)) throw new Error('refused');
    return { user, password };
  };
  const target: PoolTarget = {
    open: async () => ({
      connection: await logIn({
        server: { credentials },
        endpoint: server,
        database: database.name,
      }),
      facts: undefined,
    }),
    restore: () => Promise.resolve(),
    explain: (cause) => cause as Error,
    isStranger: () => false,
    pausesOthers: () => true,
    timeout: () => new Error('timeout'),
    closed: () => new Error('closed'),
  };
  const pool = new ConnectionPool(target, new ServerSlots(CONNECTIONS));
  return { pool, openings: () => openings };
}

async function unit(pool: ConnectionPool): Promise<'done' | 'failed'> {
  try {
    const pooled = await pool.acquire();
    await pooled.promise().query('SELECT SLEEP(0.02)');
    pooled.release();
    return 'done';
  } catch {
    return 'failed';
  }
}

const count = (outcomes: string[], wanted: string) =>
  outcomes.filter((outcome) => outcome === wanted).length;

describe('a connection that cannot be opened', () => {
  it('fails the caller that it was opened for; others wait for one that comes back', async () => {
    const { pool } = poolFailingAt((opening) => opening === 6);
    const outcomes = await Promise.all(Array.from({ length: UNITS }, () => unit(pool)));
    expect(count(outcomes, 'failed')).toBe(1);
    await pool.close();
  });

  it('keeps the pool from trying for a moment, after which it grows again', async () => {
    const { pool, openings } = poolFailingAt((opening) => opening === 2);
    await Promise.all([unit(pool), unit(pool)]);
    const few = openings();
    await sleep(100);
    await Promise.all(Array.from({ length: UNITS }, () => unit(pool)));
    expect([few, pool.size]).toEqual([2, CONNECTIONS]);
    await pool.close();
  });

  it('fails everyone at once where the pool has no other', async () => {
    const { pool, openings } = poolFailingAt(() => true);
    const began = performance.now();
    const outcomes = await Promise.all(Array.from({ length: UNITS }, () => unit(pool)));
    expect(count(outcomes, 'failed')).toBe(UNITS);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(openings()).toBeLessThanOrEqual(CONNECTIONS);
    await pool.close();
  });
});
