import { describe, expect, it } from 'vitest';
import type { EntityManager } from 'typeorm';
import { Account } from './account.ts';
import { accounts, atEpoch, contents, fleet, row, setTenant, UNTOUCHED } from './accounts-fleet.ts';

describe('inside a tenant’s context', () => {
  it.each([
    'START TRANSACTION',
    'BEGIN',
    'COMMIT',
    'ROLLBACK',
    'SET autocommit = 1',
    'LOCK TABLES account WRITE',
    'UNLOCK TABLES',
    'ALTER TABLE account ADD COLUMN x INT',
    'CREATE TABLE x (id INT)',
    'TRUNCATE TABLE account',
    'UPDATE account SET balance = 1; COMMIT',
    'USE mysql',
    'XA START "x"',
  ])('%s is refused with STATEMENT_REFUSED, in a transaction and outside', async (sql) => {
    await atEpoch(5, async () => {
      await expect(fleet.dataSource.query(sql)).rejects.toMatchObject({
        code: 'STATEMENT_REFUSED',
      });
      const inside = fleet.dataSource.transaction(async (manager) => {
        await manager.update(Account, { id: '1' }, { balance: 1 });
        await manager.query(sql);
      });
      await expect(inside).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('synchronize() and clear() are refused: they are for a shard’s context', async () => {
    await atEpoch(5, async () => {
      await expect(accounts().clear()).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('savepoints may be set by hand', async () => {
    await atEpoch(5, () =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.query('SAVEPOINT mine');
        await manager.update(Account, { id: '1' }, { balance: 1 });
        await manager.query('ROLLBACK TO SAVEPOINT mine');
        await manager.query('RELEASE SAVEPOINT mine');
      }),
    );
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('a procedure that commits is met with FENCE_LOST, and nothing follows it', async () => {
    const run = () =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.query('CALL commits_inside()').catch(() => undefined);
        await manager.insert(Account, row('after@t_1'));
      });
    await expect(atEpoch(5, run)).rejects.toMatchObject({ code: 'TRANSACTION_POISONED' });
    await expect(
      atEpoch(5, () => fleet.dataSource.query('CALL commits_inside()')),
    ).rejects.toMatchObject({ code: 'FENCE_LOST' });
    expect(await fleet.rows('us1', "SELECT id FROM account WHERE email = 'after@t_1'")).toEqual([]);
  });
});

describe('after the server rolled back a transaction', () => {
  async function deadlocked(work: (manager: EntityManager) => Promise<unknown>): Promise<unknown> {
    return atEpoch(5, () =>
      fleet.dataSource.transaction(async (manager) => {
        const rival = fleet.dataSource.createQueryRunner();
        await rival.startTransaction();
        await rival.query(
          "INSERT INTO account (tenantId, email) VALUES ('t_1', 'r1'), ('t_1', 'r2')",
        );
        await rival.query('UPDATE account SET balance = 10 WHERE id = 2');
        await manager.update(Account, { id: '1' }, { balance: 1 });
        const rivalWaits = rival.query('UPDATE account SET balance = 10 WHERE id = 1');
        try {
          await manager.update(Account, { id: '2' }, { balance: 1 });
          throw new Error('no deadlock');
        } catch (error) {
          expect((error as { driverError: { errno: number } }).driverError.errno).toBe(1213);
        } finally {
          await rivalWaits;
          await rival.rollbackTransaction();
          await rival.release();
        }
        await work(manager);
      }),
    );
  }

  it('a handler that catches the deadlock and goes on writes nothing', async () => {
    const goesOn = deadlocked(async (manager) => {
      await setTenant('frozen', 6);
      const writes = [
        () => manager.insert(Account, row('after@t_1')),
        () => manager.query('UPDATE account SET balance = 3'),
        () => manager.transaction((inner) => inner.insert(Account, row('nested@t_1'))),
        () => manager.find(Account),
      ];
      for (const write of writes) {
        await expect(write()).rejects.toMatchObject({ code: 'TRANSACTION_POISONED' });
      }
    });
    await expect(goesOn).rejects.toMatchObject({ code: 'TRANSACTION_POISONED', retryable: true });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('the runner can begin another one after its rollback', async () => {
    await expect(deadlocked(() => Promise.reject(new RangeError('leave')))).rejects.toThrow(
      'leave',
    );
    await atEpoch(5, () => accounts().update({ id: '1' }, { balance: 2 }));
    expect(await fleet.rows('us1', 'SELECT balance FROM account WHERE id = 1')).toEqual([
      { balance: 2 },
    ]);
  });

  it('a connection lost inside poisons the transaction as well', async () => {
    const lost = atEpoch(5, () =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.update(Account, { id: '1' }, { balance: 1 });
        const [{ id }] = (await manager.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
        await fleet.rows('us1', `KILL ${id}`);
        await expect(manager.query('UPDATE account SET balance = 2')).rejects.toThrow();
        await manager.insert(Account, row('after@t_1'));
      }),
    );
    await expect(lost).rejects.toMatchObject({ code: 'TRANSACTION_POISONED' });
    expect(await contents()).toBe(UNTOUCHED);
  });
});
