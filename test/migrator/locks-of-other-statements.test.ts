import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectTo } from '../support/servers/index.ts';
import { MigratedFleet } from './migrated-fleet.ts';

vi.setConfig({ testTimeout: 180_000 });

describe('a step whose table someone else uses', () => {
  let fleet: MigratedFleet;
  let holder: Connection;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'], rollout: { lockWaitSeconds: 1 } });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name LONGTEXT NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere("INSERT INTO account (id, name) VALUES (1, 'secret-name')");
  });
  afterAll(() => fleet.stop());

  async function connected(): Promise<Connection> {
    const { server, name } = fleet.databaseOf('us1');
    const connection = await connectTo(server, name);
    connection.on('error', () => undefined);
    return connection;
  }

  it('asks for its lock in short tries, also where it makes a trigger', async () => {
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 60_000 };
    holder = await connected();
    await holder.query('START TRANSACTION');
    await holder.query('SELECT * FROM account');
    await fleet.migration('MakeTrigger', 1790000000001, [
      'CREATE TRIGGER named BEFORE INSERT ON account FOR EACH ROW SET NEW.name = UPPER(NEW.name)',
    ]);
    const running = fleet.spawn(['migrate', '--json']);
    await running.sawTimes('lock-waiting', 2); // it gave way twice to those who wait behind it
    await holder.query('COMMIT');
    expect((await running.ended).code).toBe(0);
    await holder.end();
  });

  it('shows no value of a long statement', async () => {
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 30_000 };
    const row = await connected(); // holds the row
    await row.query('START TRANSACTION');
    await row.query('SELECT * FROM account WHERE id = 1 FOR UPDATE');
    holder = await connected(); // waits for the row, with a long statement
    const waiting = holder.query(
      `UPDATE account SET name = 'customer-secret ${'x'.repeat(3000)}' WHERE id = 1`,
    );
    await sleep(1500);
    await fleet.migration('AddColumn', 1790000000002, [
      'ALTER TABLE account ADD COLUMN a INT NULL',
    ]);
    const running = fleet.spawn(['migrate', '--json']);
    await running.sawTimes('lock-waiting', 2);
    await row.query('COMMIT');
    await waiting;
    await holder.end();
    await row.end();
    const { out } = await running.ended;

    expect(out).not.toContain('customer-secret');
  });
});
