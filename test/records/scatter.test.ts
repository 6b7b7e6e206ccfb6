import { onEachShard } from '@switchyard/models';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, Country, refill, startHouse } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const accounts = () => fleet.dataSource.getRepository(Account);

describe('a scatter', () => {
  it('reads each shard’s own rows, where all have the same ids', async () => {
    const outcomes = await onEachShard(fleet.dataSource, () => accounts().findOneBy({ id: '1' }));
    expect(outcomes).toMatchObject([
      { shard: 'us1', outcome: 'done', value: { name: 'account of us1 t_1' } },
      { shard: 'us2', outcome: 'done', value: { name: 'account of us2 t_3' } },
    ]);
  });

  it('gives a shard that is down an outcome of its own', async () => {
    await fleet.rows('us2', 'RENAME TABLE account TO account_away');
    const outcomes = await onEachShard(fleet.dataSource, () => accounts().count());
    await fleet.rows('us2', 'RENAME TABLE account_away TO account');
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'failed']);
  });

  it('refuses writes with CONTEXT_READ_ONLY unless it was asked for them', async () => {
    const countries = () => fleet.dataSource.getRepository(Country);
    const write = () => countries().update({ code: 'fr' }, { name: 'written' });
    const refused = await onEachShard(fleet.dataSource, write);
    expect(refused).toMatchObject([
      { outcome: 'failed', error: { code: 'CONTEXT_READ_ONLY' } },
      { outcome: 'failed', error: { code: 'CONTEXT_READ_ONLY' } },
    ]);
    const done = await onEachShard(fleet.dataSource, write, { readOnly: false });
    expect(done.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
  });

  it('is refused inside a transaction, because nothing is atomic over shards', async () => {
    const inside = fleet.onTenant('us1', 't_1', () =>
      fleet.dataSource.transaction(() => onEachShard(fleet.dataSource, () => accounts().count())),
    );
    await expect(inside).rejects.toMatchObject({ code: 'SHARD_SWITCH_IN_TRANSACTION' });
  });
});
