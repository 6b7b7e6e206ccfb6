import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '../support/servers/index.ts';
import { MigratedFleet } from './migrated-fleet.ts';

let serial = 0;

describe('a step whose table someone else uses', () => {
  let fleet: MigratedFleet;
  let holder: Connection;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'], rollout: { lockWaitSeconds: 1 } });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere("INSERT INTO account (id, name) VALUES (1, 'secret-name')");
  });
  afterAll(() => fleet.stop());

  it('waits for the transaction to end, while readers go on in at most the lock wait', async () => {
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 30_000 };
    await hold();
    const column = await nextMigration();
    const running = fleet.json(['migrate']);
    const slowest = await readWhile(4000);
    await holder.query('COMMIT');
    const { code, events } = await running;
    expect(code).toBe(0);
    expect(await fleet.columns('us1', 'account')).toContain(column);
    expect(slowest).toBeLessThan(2000);
    const waits = events.filter(({ event }) => event === 'lock-waiting');
    for (const wait of waits) expect(String(wait['blockers'])).toMatch(/open for [\d.]+ s/);
    expect(JSON.stringify(events)).not.toContain('secret-name');
  });

  it('reports for how long others may have waited', async () => {
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 30_000 };
    await hold();
    await fleet.migration(`Lock${++serial}x`, 1790000001000 + serial, [
      `CREATE INDEX by_name ON account (name)`,
    ]);
    const running = fleet.spawn(['migrate', '--json']);
    try {
      await running.saw('lock-waiting');
    } finally {
      await holder.query('COMMIT');
    }
    const { events } = await running.ended;
    const outcome = events.find(({ event }) => event === 'shard-ended');
    expect(outcome).toMatchObject({ result: 'done' });
    expect(Number(outcome?.['stallMs'])).toBeGreaterThan(500);
  });

  it('gives up after its deadline with TABLE_LOCKED, and leaves the table as it was', async () => {
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 1000 };
    await hold();
    const column = await nextMigration();
    const { code, events } = await fleet.json(['migrate']);
    await holder.query('COMMIT');
    expect(code).toBe(1);
    const ended = events.find(({ event }) => event === 'shard-ended');
    expect(ended).toMatchObject({ result: 'failed', failure: { code: 'TABLE_LOCKED' } });
    expect(await fleet.columns('us1', 'account')).not.toContain(column);
    expect((await fleet.json(['resume'])).code).toBe(0);
    expect(await fleet.columns('us1', 'account')).toContain(column);
  });

  it('cuts off the transactions that rollout.kill names, and only those', async () => {
    fleet.rollout = {
      lockWaitSeconds: 1,
      lockDeadlineMs: 1000,
      kill: [{ user: 'someone-else', olderThanMs: 0 }],
    };
    await hold();
    const column = await nextMigration();
    expect((await fleet.json(['migrate'])).code).toBe(1);
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 20_000, kill: [{ olderThanMs: 100 }] };
    const { code, events } = await fleet.json(['resume']);
    expect(code).toBe(0);
    expect(events.some(({ event }) => event === 'blocker-killed')).toBe(true);
    expect(await fleet.columns('us1', 'account')).toContain(column);
    await expect(holder.query('SELECT 1')).rejects.toMatchObject({ fatal: true });
  });

  /** Opens a transaction that has the table's metadata lock. */
  async function hold(): Promise<void> {
    const { server, name } = fleet.databaseOf('us1');
    holder = await connectTo(server, name);
    holder.on('error', () => undefined); // it may be cut off
    await holder.query('START TRANSACTION');
    await holder.query("SELECT * FROM account WHERE name = 'secret-name'");
  }

  async function nextMigration(): Promise<string> {
    const column = `c${++serial}`;
    await fleet.migration(`Lock${serial}x`, 1790000001000 + serial, [
      `ALTER TABLE account ADD COLUMN ${column} INT NULL`,
    ]);
    return column;
  }

  /** Reads from the table all the time; returns the longest wait. */
  async function readWhile(forMs: number): Promise<number> {
    const { server, name } = fleet.databaseOf('us1');
    const reader = await connectTo(server, name);
    let slowest = 0;
    for (const until = Date.now() + forMs; Date.now() < until;) {
      const began = performance.now();
      await reader.query('SELECT COUNT(*) FROM account');
      slowest = Math.max(slowest, performance.now() - began);
      await sleep(20);
    }
    await reader.end();
    return slowest;
  }
});
