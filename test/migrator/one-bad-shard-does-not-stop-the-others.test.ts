import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';
import { MigratedFleet } from './migrated-fleet.ts';

interface Outcome {
  readonly shard: string;
  readonly result: string;
  readonly failure?: { readonly code: string; readonly message: string; readonly remedy: string };
  readonly refusals?: readonly { readonly rule: string; readonly remedy: string }[];
}

describe('a rollout over shards of which some cannot be migrated', () => {
  let down: PrivateMysqlServer;
  let up: PrivateMysqlServer;
  let fleet: MigratedFleet;
  let outcomes: Map<string, Outcome>;
  let code: number | null;

  beforeAll(async () => {
    [up, down] = await Promise.all([
      startMysqlServer({ name: 'up' }),
      startMysqlServer({ name: 'down' }),
    ]);
    // us2 alone is on the server that goes down.
    fleet = await MigratedFleet.start({
      shards: ['us1', 'us2', 'us3', 'us4', 'us5', 'us6', 'us7'],
      servers: [up, down, up, up, up, up, up],
      rollout: { stop: { failures: 6 }, lockDeadlineMs: 3000, lockWaitSeconds: 1 },
    });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
      'CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY, text VARCHAR(100) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere("INSERT INTO account (id, name) VALUES (1, 'one'), (2, 'two')");
    await fleet.everywhere("INSERT INTO note (id, text) VALUES (1, 'one')");
    await fleet.migration('UniqueName', 1790000000001, [
      'ALTER TABLE account ADD COLUMN a INT NULL',
      'ALTER TABLE note ADD COLUMN b INT NULL',
      'CREATE UNIQUE INDEX one_name ON account (name)',
    ]);
    await down.kill(); // us2: down
    const holder = await fleet.plain('us3'); // us3: a foreign lock
    await holder.query('START TRANSACTION');
    await holder.query("UPDATE note SET text = 'held' WHERE id = 1");
    await fleet.rows('us4', 'ALTER TABLE account ADD COLUMN stray INT NULL'); // us4: drift
    await fleet.rows('us5', "INSERT INTO account (id, name) VALUES (3, 'one')"); // us5: duplicate
    await fleet.rows('us7', 'UPDATE shard_lease SET format = 9'); // us7: a release far ahead
    const migrated = await fleet.json(['migrate']);
    code = migrated.code;
    const ended = migrated.events.find(({ event }) => event === 'rollout-ended');
    outcomes = new Map((ended?.['outcomes'] as Outcome[]).map((one) => [one.shard, one]));
  });
  afterAll(async () => {
    await fleet.stop();
    await Promise.all([up.stop(), down.stop()]);
  });

  it('ends with exit code 1 and does the rest', async () => {
    expect(code).toBe(1);
    for (const shard of ['us1', 'us6']) {
      expect(outcomes.get(shard)).toMatchObject({ result: 'done' });
      expect(await fleet.columns(shard, 'note')).toContain('b');
    }
  });

  it('leaves a shard alone whose ledger a release far ahead has written', async () => {
    expect(outcomes.get('us7')).toMatchObject({ failure: { code: 'LEDGER_FORMAT_UNKNOWN' } });
    expect(await fleet.columns('us7', 'account')).not.toContain('a');
  });

  it('names the shard that is down', () => {
    expect(outcomes.get('us2')).toMatchObject({
      result: 'unreachable',
      failure: { code: 'SHARD_UNAVAILABLE' },
    });
  });

  it('names who holds the table of the shard with a foreign lock, and since when', () => {
    const { result, failure } = outcomes.get('us3')!;
    expect({ result, code: failure?.code }).toEqual({ result: 'failed', code: 'TABLE_LOCKED' });
    expect(failure?.message).toMatch(/connection \d+ \(root@.*open for [\d.]+ s/);
    expect(failure?.remedy).toContain('resume');
  });

  it('names the drift of the shard that is not like its siblings', () => {
    const { result, refusals } = outcomes.get('us4')!;
    expect({ result, rule: refusals?.[0]?.rule }).toEqual({ result: 'refused', rule: 'DRIFT' });
  });

  it('names the unique key that the rows of a shard break', () => {
    const { result, refusals, failure } = outcomes.get('us5')!;
    expect(['refused', 'failed']).toContain(result);
    const text = JSON.stringify(refusals ?? failure);
    expect(text).toMatch(/unique|duplicate/i);
    expect(text).not.toContain("'one'"); // no values of rows
  });

  it('keeps them pending, and resume finishes after the fix', async () => {
    const { events } = await fleet.json(['status']);
    const states = Object.fromEntries(events.map(({ shard, state }) => [shard, state]));
    expect(states).toMatchObject({ us1: 'ready', us2: 'unreadable', us3: 'failed', us6: 'ready' });
    await down.restart();
    fleet.forget('us2');
    await (await fleet.plain('us3')).query('ROLLBACK');
    await fleet.rows('us4', 'ALTER TABLE account DROP COLUMN stray');
    await fleet.rows('us5', 'DELETE FROM account WHERE id = 3');
    await fleet.rows('us7', 'UPDATE shard_lease SET format = 1');
    const retried = await fleet.json(['resume']);
    expect(retried.code).toBe(0);
    for (const shard of fleet.shards) {
      expect(await fleet.columns(shard, 'account')).toEqual(['id', 'name', 'a']);
      const rows = await fleet.rows(shard, 'SHOW INDEX FROM account');
      expect(rows.map((row) => row['Key_name'])).toContain('one_name');
    }
  });
});
