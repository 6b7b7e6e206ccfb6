import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const ROWS = 400_000;

describe('a rollout whose connection or server goes away in the middle of a statement', () => {
  let server: PrivateMysqlServer;
  let fleet: MigratedFleet;
  beforeAll(async () => {
    server = await startMysqlServer({ name: 'restarted' });
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'], servers: [server] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.rows('us1', "INSERT INTO account (name) VALUES ('a'), ('b'), ('c'), ('d')");
    for (let rows = 4; rows < ROWS; rows *= 2) {
      await fleet.rows('us1', 'INSERT INTO account (name) SELECT SHA2(RAND(), 256) FROM account');
    }
  });
  afterAll(async () => {
    await fleet.stop();
    await server.stop();
  });

  it('goes on by itself when the connection that runs the statement is cut', async () => {
    await fleet.migration('Index1x', 1790000001000, ['CREATE INDEX by_name ON account (name)']);
    const running = fleet.spawn(['migrate', '--json']);
    await cutDuring('by_name');
    const { code, events } = await running.ended;
    expect(events.some(({ event }) => event === 'connection-lost')).toBe(true);
    expect(code).toBe(0);
    expect(await indexes('us1')).toContain('by_name');
  });

  it('goes on by itself when the server is killed and comes back', async () => {
    await fleet.migration('Index2x', 1790000001001, ['CREATE INDEX by_name2 ON account (name)']);
    const running = fleet.spawn(['migrate', '--json']);
    await during('by_name2');
    await server.kill();
    await server.restart();
    const { code, events } = await running.ended;
    expect(events.some(({ event }) => event === 'connection-lost')).toBe(true);
    expect(code).toBe(0);
    expect(await indexes('us1')).toContain('by_name2');
    expect(await indexes('us2')).toContain('by_name2');
  });

  /** Waits until a statement that names the index runs; returns its connection. */
  async function during(index: string): Promise<number> {
    for (;;) {
      const rows = await fleet.rows(
        'us1',
        `SELECT ID AS id FROM information_schema.PROCESSLIST
         WHERE INFO LIKE ? AND DB = DATABASE() AND ID <> CONNECTION_ID()`,
        [`ALTER TABLE%${index}%`],
      );
      if (rows[0] !== undefined) return Number(rows[0]['id']);
      await sleep(10);
    }
  }

  async function cutDuring(statement: string): Promise<void> {
    await fleet.rows('us1', `KILL CONNECTION ${await during(statement)}`);
  }

  async function indexes(shard: string): Promise<unknown[]> {
    fleet.forget(shard);
    const rows = await fleet.rows(shard, 'SHOW INDEX FROM account');
    return rows.map((row) => row['Key_name']);
  }
});
