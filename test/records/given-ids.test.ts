import { withGivenId } from '@switchyard/models';
import { channels } from '@switchyard/shard-context';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, contents, refill, startHouse, Tag } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const accounts = () => fleet.dataSource.getRepository(Account);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
/** The row of t_2 was born on us1 and has moved to us2. */
const moveAway = async (): Promise<void> => {
  await fleet.rows('us1', 'DELETE FROM `check` WHERE id = 2');
  await fleet.rows('us1', 'DELETE FROM inquiry_tags_tag WHERE inquiryId = 2');
  await fleet.rows('us1', 'DELETE FROM inquiry WHERE id = 2');
  await fleet.rows('us1', 'DELETE FROM account WHERE id = 2');
  await fleet.rows(
    'us2',
    "INSERT INTO account (id, tenantId, name, version) VALUES (2, 't_2', 'moved', 1)",
  );
};

describe('an interleaved id of the caller', () => {
  const row = () => ({ id: '2', name: 'planted' });
  const WAYS: Record<string, () => Promise<unknown>> = {
    save: () => accounts().save(row()),
    insert: () => accounts().insert(row()),
    'insert of several': () => accounts().insert([{ name: 'without' }, row()]),
    upsert: () => accounts().upsert(row(), ['id']),
    'a query builder': () => accounts().createQueryBuilder().insert().values(row()).execute(),
    'a transaction': () => fleet.dataSource.transaction((manager) => manager.save(Account, row())),
  };

  it.each(Object.keys(WAYS))('is refused by %s, while its row is on another shard', async (way) => {
    await moveAway();
    const before = await contents(fleet);
    await expect(asT1(WAYS[way]!)).rejects.toMatchObject({ code: 'ID_GIVEN', shard: 'us1' });
    expect(await contents(fleet)).toEqual(before);
  });

  it('is taken where the caller says why, which is visible on the channel', async () => {
    const seen: unknown[] = [];
    const hear = (message: unknown): void => void seen.push(message);
    channels.escape.subscribe(hear);
    await asT1(() => accounts().insert(withGivenId('an import', { id: '1025', name: 'old' })));
    await asT1(() => accounts().save(withGivenId('an import', { id: '2049', name: 'older' })));
    channels.escape.unsubscribe(hear);
    const rows = await fleet.rows('us1', 'SELECT id FROM account WHERE id > 1000 ORDER BY id');
    expect(rows).toHaveLength(2);
    expect(seen).toMatchObject([
      { escape: 'withGivenId', reason: 'an import' },
      { escape: 'withGivenId', reason: 'an import' },
    ]);
  });

  it('still finds the row that is there, for save', async () => {
    await asT1(() => accounts().save({ id: '1', name: 'renamed' }));
    const rows = await fleet.rows('us1', 'SELECT name FROM account WHERE id = 1');
    expect(rows).toEqual([{ name: 'renamed' }]);
  });

  it('is no concern of entities whose ids are made by the caller', async () => {
    const id = '0190a7c0-0000-7000-8000-00000000000b';
    const tags = () => fleet.dataSource.getRepository(Tag);
    await asT1(() => tags().insert({ id, label: 'mine' }));
    expect(await asT1(() => tags().countBy({ id }))).toBe(1);
  });
});
