import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

describe('a new fleet of three shards', () => {
  let fleet: MigratedFleet;
  let first: string;
  let second: string;
  beforeAll(async () => {
    fleet = await MigratedFleet.start();
    first = await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL)',
    ]);
    second = await fleet.migration(
      'AddEmail',
      1790000000001,
      [
        'ALTER TABLE account ADD COLUMN email VARCHAR(200) NULL',
        'CREATE INDEX by_email ON account (email)',
      ],
      ['DROP INDEX by_email ON account', 'ALTER TABLE account DROP COLUMN email'],
    );
  });
  afterAll(() => fleet.stop());

  it('is refused by migrate before it is prepared, shard by shard', async () => {
    const { code, events } = await fleet.json(['migrate']);
    expect(code).toBe(1);
    const ended = events.filter(({ event }) => event === 'shard-ended');
    expect(ended.map(({ shard }) => shard)).toEqual(['us1', 'us2', 'eu1']);
    for (const { failure } of ended) expect(failure).toMatchObject({ code: 'SHARD_NOT_PREPARED' });
  });

  it('is prepared, and repeating it changes nothing', async () => {
    const prepared = await fleet.run(['prepare']);
    expect(prepared.err).toBe('');
    expect(prepared.code).toBe(0);
    const uuids = async () =>
      Promise.all(
        fleet.shards.map((shard) => fleet.rows(shard, 'SELECT uuid FROM shard_identity')),
      );
    const before = await uuids();
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect(await uuids()).toEqual(before);
  });

  it('is brought to the migration that is named, canary first', async () => {
    const { code, events } = await fleet.json(['migrate', '--to', first]);
    expect(code).toBe(0);
    const waves = events.find(({ event }) => event === 'rollout-started');
    expect(waves?.['waves']).toEqual([
      { name: 'canary', shards: ['us1'] },
      { name: 'wave 1', shards: ['us2', 'eu1'] },
    ]);
    for (const shard of fleet.shards)
      expect(await fleet.columns(shard, 'account')).toEqual(['id', 'name']);
  });

  it('shows what is left to do without doing it', async () => {
    const { code, out } = await fleet.run(['plan']);
    expect(code).toBe(0);
    expect(out).toContain(second);
    expect(await fleet.columns('us1', 'account')).toEqual(['id', 'name']);
    const { code: required } = await fleet.run(['status', '--require', second]);
    expect(required).toBe(1);
  });

  it('is brought to the newest migration, with a ledger row for each step', async () => {
    const { code } = await fleet.run(['migrate']);
    expect(code).toBe(0);
    for (const shard of fleet.shards) {
      expect(await fleet.columns(shard, 'account')).toEqual(['id', 'name', 'email']);
      const rows = (await fleet.ledger(shard)).filter(({ migration }) => migration === second);
      expect(rows.map(({ step, path, state }) => [step, path, state])).toEqual([
        [0, 'migration', 'done'],
        [1, 'instant', 'done'],
        [2, 'inplace', 'done'],
      ]);
    }
    expect((await fleet.run(['status', '--require', second])).code).toBe(0);
  });

  it('has nothing to do when asked again', async () => {
    const { code, out } = await fleet.run(['migrate']);
    expect(code).toBe(0);
    expect(out).toContain('Nothing to do');
  });

  it('reverts the newest migration on every shard', async () => {
    const { code } = await fleet.run(['revert', '--allow', 'drop-column:account.email']);
    expect(code).toBe(0);
    for (const shard of fleet.shards)
      expect(await fleet.columns(shard, 'account')).toEqual(['id', 'name']);
    expect((await fleet.run(['status', '--require', second])).code).toBe(1);
  });
});
