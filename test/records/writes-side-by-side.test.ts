import type { EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, Check, refill, startHouse } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
const theirs = () => fleet.rows('us1', "SELECT id, name FROM account WHERE tenantId = 't_2'");
const UNTOUCHED = [{ id: 2, name: 'account of us1 t_2' }];

describe('in one transaction', () => {
  /** Saves a graph of many statements, and meanwhile calls `write` again and again. */
  const beside = (write: (manager: EntityManager) => Promise<unknown>) =>
    asT1(() =>
      fleet.dataSource.transaction(async (manager) => {
        const saving = manager.save(Account, [{ name: 'n' }, { id: '1', name: 'changed' }]);
        const writing = (async () => {
          for (let n = 0; n < 10; n += 1) await write(manager);
        })();
        await Promise.all([saving, writing]);
      }),
    );

  it('a criteria update beside the save of a graph touches rows of the tenant only', async () => {
    await beside((manager) => manager.update(Account, { id: '2' }, { name: 'taken' }));
    expect(await theirs()).toEqual(UNTOUCHED);
  });

  it('a delete beside the save of a graph touches rows of the tenant only', async () => {
    await beside((manager) => manager.delete(Check, { id: '2' }));
    expect(await fleet.rows('us1', 'SELECT id FROM `check` WHERE id = 2')).toHaveLength(1);
  });

  it('an insert beside the save of a graph is stamped and checked', async () => {
    await beside((manager) =>
      manager.insert(Check, { kind: 'x', inquiry: { id: '2' } }).catch(() => undefined),
    );
    expect(await fleet.rows('us1', 'SELECT id FROM `check`')).toHaveLength(2);
  });

  it('a criteria update after two graphs that were saved side by side is the tenant’s', async () => {
    await asT1(() =>
      fleet.dataSource.transaction(async (manager) => {
        await Promise.all([
          manager.save(Account, { name: 'new' }),
          manager.save(Account, { id: '1', name: 'changed' }),
        ]);
        await manager.update(Account, { id: '2' }, { name: 'taken' });
      }),
    );
    expect(await theirs()).toEqual(UNTOUCHED);
  });

  it('a criteria update after graphs of different sizes saved side by side is the tenant’s', async () => {
    for (let n = 0; n < 5; n += 1) {
      await asT1(() =>
        fleet.dataSource.transaction(async (manager) => {
          await Promise.all(
            Array.from({ length: 6 }, async (_, i) => {
              await manager.findOneBy(Account, { id: String(i) });
              if (i % 2 === 0) await manager.count(Account);
              await manager.save(Account, i % 3 === 0 ? { id: '1', name: `c${n}` } : { name: 'n' });
            }),
          );
          await manager.update(Account, { id: '2' }, { name: 'taken' });
        }),
      );
    }
    expect(await theirs()).toEqual(UNTOUCHED);
  });
});

describe('a subscriber that hears the statements of a graph', () => {
  it('writes rows of the tenant only', async () => {
    let once = true;
    const subscriber = {
      afterQuery: async ({ query, manager }: { query: string; manager: EntityManager }) => {
        if (!query.startsWith('INSERT INTO `account`') || !once) return;
        once = false;
        await manager.update(Account, { id: '2' }, { name: 'heard' });
      },
    };
    fleet.dataSource.subscribers.push(subscriber as never);
    try {
      await asT1(() => fleet.dataSource.manager.save(Account, { name: 'x' }));
    } finally {
      fleet.dataSource.subscribers.pop();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(once).toBe(false);
    expect(await theirs()).toEqual(UNTOUCHED);
  });
});
