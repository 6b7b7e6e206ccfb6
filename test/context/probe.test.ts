import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { createPool, type Connection, type Pool } from 'mysql2';
import { afterEach, describe, expect, it } from 'vitest';
import { bindShard, outsideContext } from '@switchyard/shard-context';
import { probeContext, type ProbedUnit } from '@switchyard/shard-context/testing';
import { mysqlServers } from '../support/servers/index.ts';

// What the libraries of a usual service do to the context, found out as a user would. A change here
// after an upgrade is news for docs/http.md, "What keeps the context".

describe('a limiter', () => {
  it('p-limit 7 keeps the context of each task', async () => {
    const { default: pLimit } = await installedLimiter();
    const limit = pLimit(3);
    const report = await probeContext('p-limit', ({ look }) =>
      limit(async () => {
        await turn();
        look();
      }),
    );
    expect(report).toMatchObject({ kept: 40, isSafe: true });
  });

  it('that starts waiting tasks from finished ones mixes, and is cured with bindShard', async () => {
    const naive = naiveLimiter(3);
    const mixed = await probeContext('naive limiter', ({ look }) => naive(async () => look()));
    expect(mixed).toMatchObject({ kept: 3, mixed: 37 });
    const bound = await probeContext('bound tasks', ({ look }) =>
      naive(bindShard(async () => look())),
    );
    expect(bound).toMatchObject({ kept: 40, isSafe: true });
  });
});

describe('a batcher', () => {
  it('runs the whole batch in the context of whoever came first', async () => {
    const load = batcher();
    const report = await probeContext('batcher', ({ look }) => load(look));
    expect(report).toMatchObject({ kept: 1, mixed: 39 });
  });
});

describe('lru-cache', () => {
  it('loads a shared key in the context of its first caller: loaders must not read it', async () => {
    const waiting: ProbedUnit[] = [];
    const cache = new LRUCache<string, object>({
      max: 10,
      fetchMethod: async () => {
        await turn();
        for (const unit of waiting) unit.look();
        return {};
      },
    });
    const report = await probeContext('fetchMethod', (unit) => {
      waiting.push(unit);
      return cache.fetch('shared');
    });
    expect(report).toMatchObject({ kept: 1, mixed: 39 });
  });
});

describe('an event emitter', () => {
  it('runs its listeners where it is emitted: lost outside, mixed inside another unit', async () => {
    const emitter = new EventEmitter().setMaxListeners(0);
    const outside = probeContext('emitter', ({ look }) => void emitter.once('event', look));
    emitter.emit('event');
    expect(await outside).toMatchObject({ lost: 40 });
    const inside = await probeContext('emitter', async ({ index, look }) => {
      emitter.once('event', look);
      await turn();
      if (index === 39) emitter.emit('event');
    });
    expect(inside).toMatchObject({ kept: 1, mixed: 39 });
  });
});

describe('mysql2 on a real server', () => {
  const pools: Pool[] = [];
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.promise().end();
  });

  it('mixes callbacks on pooled connections: they run where the connection was opened or freed', async () => {
    const pool = await poolOfTwo(pools);
    const report = await probeContext('mysql2 callbacks', (unit) => queryByCallback(pool, unit));
    expect(report.mixed).toBeGreaterThanOrEqual(30);
    expect(report.isSafe).toBe(false);
  });

  it('loses them, and so fails closed, where connections are opened outside every context', async () => {
    const pool = await poolOfTwo(pools);
    await outsideContext(() => openBoth(pool));
    const report = await probeContext('mysql2, opened outside', async ({ look }) => {
      const connection = await pool.promise().getConnection();
      await new Promise<void>((done) => {
        (connection.connection as unknown as Connection).query('select 1', () => {
          look();
          connection.release();
          done();
        });
      });
    });
    expect(report).toMatchObject({ lost: 40, mixed: 0 });
  });

  it('keeps the context of promises', async () => {
    const pool = await poolOfTwo(pools);
    const report = await probeContext('mysql2 promises', async ({ look }) => {
      await pool.promise().query('select 1');
      look();
    });
    expect(report).toMatchObject({ kept: 40, isSafe: true });
  });
});

/** The p-limit that the migrator uses; another package has its own at the top of node_modules. */
async function installedLimiter(): Promise<{ default: (n: number) => Limiter }> {
  const { resolve } = createRequire(
    new URL('../../packages/migrator/package.json', import.meta.url),
  );
  return (await import(resolve('p-limit'))) as { default: (n: number) => Limiter };
}

type Limiter = (task: () => Promise<void>) => Promise<void>;

function naiveLimiter(concurrency: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  const start = (task: () => Promise<void>, done: () => void): void => {
    running += 1;
    void task().then(() => {
      running -= 1;
      done();
      waiting.shift()?.();
    });
  };
  return (task) =>
    new Promise((done) => {
      if (running < concurrency) start(task, done);
      else waiting.push(() => start(task, done));
    });
}

function batcher(): (work: () => void) => Promise<void> {
  const batch: (() => void)[] = [];
  return (work) =>
    new Promise((done) => {
      if (batch.length === 0) queueMicrotask(() => batch.splice(0).forEach((run) => run()));
      batch.push(() => {
        work();
        done();
      });
    });
}

async function poolOfTwo(pools: Pool[]): Promise<Pool> {
  const [server] = await mysqlServers(1);
  const { host, port, user, password } = server!;
  const pool = createPool({ host, port, user, password, connectionLimit: 2 });
  pools.push(pool);
  return pool;
}

async function openBoth(pool: Pool): Promise<void> {
  const both = await Promise.all([0, 1].map(() => pool.promise().getConnection()));
  for (const connection of both) connection.release();
}

function queryByCallback(pool: Pool, { look }: ProbedUnit): Promise<void> {
  return new Promise((done) => {
    pool.query('select 1', () => {
      look();
      done();
    });
  });
}
