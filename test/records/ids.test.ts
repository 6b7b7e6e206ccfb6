import { sameRecord } from '@switchyard/models';
import { highest, raiseIdFloors, readIdCeilings } from '@switchyard/models/internal';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, Counter, refill, startHouse, Tag } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
const asT3 = <T>(fn: () => T): T => fleet.onTenant('us2', 't_3', fn);

async function idsByName(shard: string, pattern: string): Promise<Record<string, string>> {
  const rows = await fleet.rows(
    shard,
    'SELECT name, CAST(id AS CHAR) id FROM account WHERE name LIKE ?',
    [pattern],
  );
  return Object.fromEntries(rows.map(({ name, id }) => [String(name), String(id)]));
}

describe('interleaved ids', () => {
  it('leave the remainder of the shard’s ordinal on each shard, whatever id was inserted by hand', async () => {
    await fleet.rows('us1', "INSERT INTO account VALUES (5000, 't_1', 'by hand', NULL, 1, NULL)");
    const one = await asT1(() => repo(Account).save({ name: 'n' }));
    const two = await asT3(() => repo(Account).save({ name: 'n' }));
    expect(Number(one.id) % 1024).toBe(1);
    expect(Number(one.id)).toBeGreaterThan(5000);
    expect(Number(two.id) % 1024).toBe(2);
  });

  it('of a multi-row save and insert are those of the rows', async () => {
    const saved = await asT1(() =>
      repo(Account).save(Array.from({ length: 5 }, (_, i) => ({ name: `saved ${i}` }))),
    );
    const inserted = Array.from({ length: 5 }, (_, i) => ({ name: `inserted ${i}` }));
    const result = await asT1(() => repo(Account).insert(inserted));
    const known = await idsByName('us1', '%ed %');
    for (const { id, name } of [...saved, ...(inserted as Account[])]) {
      expect(String(id), name).toBe(known[name]);
    }
    expect(result.identifiers.map(({ id }: { id?: unknown }) => String(id))).toEqual(
      inserted.map(({ name }) => known[name]),
    );
  });

  it('are right above 2^53', async () => {
    await fleet.rows('us1', 'ALTER TABLE account AUTO_INCREMENT = 9007199254740993');
    const saved = await asT1(() =>
      repo(Account).save(Array.from({ length: 3 }, (_, i) => ({ name: `huge ${i}` }))),
    );
    const known = await idsByName('us1', 'huge %');
    for (const { id, name } of saved) expect(String(id), name).toBe(known[name]);
    expect(BigInt(saved[0]?.id ?? 0) >= 9_007_199_254_740_993n).toBe(true);
    const found = await asT1(() => repo(Account).findOneBy({ id: saved[2]?.id ?? '' }));
    expect(found?.name).toBe('huge 2');
  });

  it('begin above what other shards hold, once the floors were raised', async () => {
    await fleet.rows('us1', "INSERT INTO account VALUES (70000, 't_1', 'old', NULL, 1, NULL)");
    await fleet.rows('us1', 'DELETE FROM account WHERE id = 70000'); // the world still knows it
    const ceilings = await Promise.all(
      ['us1', 'us2'].map(async (shard) => readIdCeilings(await fleet.plain(shard))),
    );
    const floors = highest(ceilings);
    expect(floors.get('account')).toBe(70_000n);
    const us2 = await fleet.plain('us2');
    expect(await raiseIdFloors(us2, floors)).toContain('account');
    expect(await raiseIdFloors(us2, floors)).not.toContain('account');
    const next = await asT3(() => repo(Account).save({ name: 'next' }));
    expect(Number(next.id)).toBeGreaterThan(70_000);
    expect(Number(next.id) % 1024).toBe(2);
  });
});

describe('uuid ids', () => {
  it('are of version 7, made before the insert, for save, cascades and insert', async () => {
    const saved = await asT1(() => repo(Tag).save(repo(Tag).create({ label: 'one' })));
    const rows = [{ label: 'two' }, { label: 'three' }];
    await asT1(() => repo(Tag).insert(rows));
    const known = await fleet.rows(
      'us1',
      "SELECT id, label FROM tag WHERE label NOT LIKE 'tag of%'",
    );
    expect(known).toHaveLength(3);
    for (const { id } of known) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(known.find(({ label }) => label === 'one')?.['id']).toBe(saved.id);
    expect((rows as Tag[]).map(({ id }) => id).sort()).toEqual(
      known
        .filter(({ label }) => label !== 'one')
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('of the caller are kept', async () => {
    const id = '0190a7c0-0000-7000-8000-00000000000a';
    const saved = await asT1(() => repo(Tag).save({ id, label: 'mine' }));
    expect(saved.id).toBe(id);
  });
});

describe('sameRecord', () => {
  it('compares without the shard, because rows move', async () => {
    const metadata = fleet.dataSource.getMetadata(Account);
    const here = await asT1(() => repo(Account).findOneByOrFail({ id: '1' }));
    const there = { model: 'Account', id: ['1'], shard: 'us2' };
    expect(sameRecord(metadata, here, there)).toBe(true);
    expect(sameRecord(metadata, here, { ...there, id: ['2'] })).toBe(false);
  });

  it('compares the shard of shard-local ids', async () => {
    const metadata = fleet.dataSource.getMetadata(Counter);
    const here = await asT1(() => repo(Counter).findOneByOrFail({ id: 1 }));
    const there = await asT3(() => repo(Counter).findOneByOrFail({ id: 1 }));
    const again = await asT1(() => repo(Counter).findOneByOrFail({ id: 1 }));
    expect(sameRecord(metadata, here, there)).toBe(false);
    expect(sameRecord(metadata, here, again)).toBe(true);
  });
});
