import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn, VersionColumn, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Item {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @VersionColumn({ type: 'int' }) version!: number;
}

const LEVEL_OF_TRANSACTION =
  'SELECT trx_isolation_level AS level FROM information_schema.innodb_trx ' +
  'WHERE trx_mysql_thread_id = CONNECTION_ID()';

const FRESH = { timeout: 5000, interval: 150 };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Item]);
});
beforeEach(() => empty(fleet, 'item'));
afterAll(() => fleet?.stop());

const ids = async (shard: string) =>
  (await fleet.rows(shard, 'SELECT id FROM item ORDER BY id')).map(({ id }) => id);

describe('a transaction', () => {
  it.each(['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'at %s commits on each shard by itself',
    async (level) => {
      const levels = await onBoth(fleet, () =>
        fleet.dataSource.transaction(level, async (manager) => {
          await manager.save(Item, { id: 1, name: level });
          // The server shows this table as it was 0.1 s ago, and longer while it is asked.
          return vi.waitFor(async () => {
            const [row] = await manager.query<{ level: string }[]>(LEVEL_OF_TRANSACTION);
            expect(row?.level).toBe(level);
            return row?.level;
          }, FRESH);
        }),
      );
      expect(levels).toEqual([level, level]);
      expect([await ids('us1'), await ids('us2')]).toEqual([[1], [1]]);
    },
  );

  it('nested rolls back to its savepoint, and the outer one goes on', async () => {
    await onFirst(fleet, () =>
      fleet.dataSource.transaction(async (outer) => {
        await outer.save(Item, { id: 1, name: 'outer' });
        const inner = outer.transaction(async (manager) => {
          await manager.save(Item, { id: 2, name: 'inner' });
          throw new RangeError('no');
        });
        await expect(inner).rejects.toThrow(RangeError);
        await outer.transaction((manager) => manager.save(Item, { id: 3, name: 'kept' }));
      }),
    );
    expect([await ids('us1'), await ids('us2')]).toEqual([[1, 3], []]);
  });

  it('by hand, on a query runner, begins, commits, rolls back and releases', async () => {
    await onBoth(fleet, async (shard) => {
      const runner = fleet.dataSource.createQueryRunner();
      try {
        await runner.connect();
        await runner.startTransaction();
        await runner.manager.save(Item, { id: 1, name: shard });
        await runner.commitTransaction();
        await runner.startTransaction('READ COMMITTED');
        await runner.manager.save(Item, { id: 2, name: shard });
        await runner.rollbackTransaction();
      } finally {
        await runner.release();
      }
      expect(runner.isReleased).toBe(true);
    });
    expect([await ids('us1'), await ids('us2')]).toEqual([[1], [1]]);
  });

  it('of a manager is refused inside another shard’s context with RUNNER_MISPLACED', async () => {
    let kept: EntityManager | undefined;
    await onFirst(fleet, () =>
      fleet.dataSource.transaction(async (manager) => {
        kept = manager;
        await manager.save(Item, { id: 1, name: 'one' });
        const elsewhere = fleet.context.onPlacement(
          { shard: 'us2', tenant: 't_2', epoch: 1 },
          () => manager.find(Item),
          { independentOfTransaction: true },
        );
        await expect(elsewhere).rejects.toMatchObject({ code: 'RUNNER_MISPLACED' });
      }),
    );
    await expect(onSecond(fleet, async () => kept?.find(Item))).rejects.toThrow();
    expect([await ids('us1'), await ids('us2')]).toEqual([[1], []]);
  });

  it('refuses a change of place inside with SHARD_SWITCH_IN_TRANSACTION', async () => {
    const work = onFirst(fleet, () =>
      fleet.dataSource.transaction(() => onSecond(fleet, () => Promise.resolve())),
    );
    await expect(work).rejects.toMatchObject({ code: 'SHARD_SWITCH_IN_TRANSACTION' });
  });

  it('takes pessimistic and optimistic locks', async () => {
    await onFirst(fleet, async () => {
      await fleet.dataSource.manager.save(Item, { id: 1, name: 'one' });
      const locked = await fleet.dataSource.transaction((manager) =>
        manager.findOne(Item, { where: { id: 1 }, lock: { mode: 'pessimistic_write' } }),
      );
      expect(locked?.name).toBe('one');
      const atVersion = (version: number) =>
        fleet.dataSource.manager.findOne(Item, {
          where: { id: 1 },
          lock: { mode: 'optimistic', version },
        });
      expect((await atVersion(1))?.name).toBe('one');
      await expect(atVersion(2)).rejects.toMatchObject({
        name: 'OptimisticLockVersionMismatchError',
      });
    });
  });

  it('through BEGIN and COMMIT as raw SQL is refused for a tenant: the fence would be lost', async () => {
    for (const sql of ['BEGIN', 'START TRANSACTION', 'COMMIT', 'SET autocommit = 0']) {
      const raw = onFirst(fleet, () => fleet.dataSource.query(sql));
      await expect(raw, sql).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    }
  });
});
