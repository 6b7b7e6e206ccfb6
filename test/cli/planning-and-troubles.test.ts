import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

describe('the command line on a fleet of six shards', () => {
  let fleet: MigratedFleet;
  const names = ['us1', 'us2', 'us3', 'us4', 'us5', 'us6'];
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: names, servers: 1 });
    expect((await fleet.run(['prepare'])).code).toBe(0);
    await fleet.everywhere('CREATE TABLE account (id BIGINT PRIMARY KEY, name VARCHAR(20))');
    await fleet.migration('AddEmail', 1790000000000, ['ALTER TABLE account ADD email INT NULL']);
    await fleet.migration('AddPhone', 1790000000001, ['ALTER TABLE account ADD phone INT NULL']);
  });
  afterAll(() => fleet.stop());

  it('says of each shard, and of each migration that is recorded, that it is being planned', async () => {
    const { events } = await fleet.json(['plan']);
    const shards = events.filter(({ event }) => event === 'planning-started');
    expect(shards.map(({ shard }) => shard).sort()).toEqual(names);
    const recorded = events.filter(({ event }) => event === 'planning');
    expect(recorded.map(({ migration, number, of }) => [migration, number, of])).toEqual([
      ['AddEmail1790000000000', 1, 2],
      ['AddPhone1790000000001', 2, 2],
    ]);
    const first = events.findIndex(({ event }) => event === 'shard-planned');
    expect(events.lastIndexOf(recorded.at(-1)!)).toBeLessThan(first);
    const { out } = await fleet.run(['plan', '--only', 'us2']);
    expect(out).toContain('us2  2 migrations to plan');
    expect(out).toContain('us2  planning AddPhone1790000000001 (2/2)');
  });

  it.each([
    ['drop-colum:account.name', 'none of drop-column'],
    ['drop-column:account', 'drop-column:table.column'],
    ['drift:us9', 'us9'],
    ['not-awaited:AddFax', 'AddFax'],
  ])('refuses --allow %s before it looks at a shard', async (flag, why) => {
    const { code, err, out } = await fleet.run(['migrate', '--allow', flag]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(why);
  });

  it('shows what many shards fail with once, with their count', async () => {
    await fleet.everywhere('RENAME TABLE shard_ledger TO away');
    const { code, out } = await fleet.run(['plan']);
    await fleet.everywhere('RENAME TABLE away TO shard_ledger');
    expect(code).toBe(1);
    expect(out.match(/LEDGER_MISSING/g)).toHaveLength(1);
    expect(out).toContain('us1, us2, us3 and 3 more (6 shards)');
  });
});

describe('a migration that drops a primary key', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'], servers: 1 });
    await fleet.run(['prepare']);
    await fleet.everywhere('CREATE TABLE account (id BIGINT PRIMARY KEY, part INT NOT NULL)');
    await fleet.everywhere('INSERT INTO account VALUES (1, 1), (2, 1)');
  });
  afterAll(() => fleet.stop());

  it('is taken where it makes another one, and refused by name where it leaves none', async () => {
    await fleet.migration('Wider', 1790000000000, [
      'ALTER TABLE account DROP PRIMARY KEY, ADD PRIMARY KEY (part, id)',
    ]);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.migration('NoKey', 1790000000001, ['ALTER TABLE account DROP PRIMARY KEY']);
    const { code, out } = await fleet.run(['migrate']);
    expect(code).toBe(3);
    expect(out).toContain('DROP_PRIMARY_KEY');
    const keys = () => fleet.rows('us2', "SHOW KEYS FROM account WHERE Key_name = 'PRIMARY'");
    expect(await keys()).toHaveLength(2);
    const allowed = await fleet.run(['migrate', '--allow', 'drop-primary-key:account']);
    expect(allowed.code).toBe(0);
    expect(await keys()).toHaveLength(0);
  });
});
