import { describe, expect, it } from 'vitest';
import { Account } from './account.ts';
import {
  accounts,
  atEpoch,
  contents,
  fleet,
  sent,
  setTenant,
  UNTOUCHED,
  WRITES,
} from './accounts-fleet.ts';

describe('the fence', () => {
  it('says in a stale route’s error who came, by which epoch, and where the tenant went', async () => {
    await setTenant('moved', 7, 'us2');
    await expect(atEpoch(5, WRITES['insert']!)).rejects.toMatchObject({
      code: 'STALE_ROUTE',
      retryable: true,
      shard: 'us1',
      tenant: 't_1',
      seenEpoch: 5,
      movedTo: 'us2',
    });
  });

  it('lets frozen win over stale', async () => {
    await setTenant('frozen', 6);
    for (const epoch of [1, 6, 9]) {
      await expect(atEpoch(epoch, WRITES['insert']!)).rejects.toMatchObject({
        code: 'TENANT_FROZEN',
        retryable: true,
      });
    }
  });

  it('lets a caller wait that comes before its new shard was told', async () => {
    await setTenant('incoming', 6);
    await expect(atEpoch(7, WRITES['insert']!)).rejects.toMatchObject({ code: 'TENANT_FROZEN' });
    await expect(atEpoch(5, WRITES['insert']!)).rejects.toMatchObject({ code: 'STALE_ROUTE' });
  });

  it('adds no statement to a transaction', async () => {
    await atEpoch(5, WRITES['a query runner’s own transaction']!);
    expect(sent.map((sql) => sql.split(' ')[0])).toEqual(['CALL', 'UPDATE', 'COMMIT']);
  });

  it('does not stand before reads, in a read-only context either', async () => {
    await setTenant('moved', 7, 'us2');
    const count = () => accounts().count();
    expect(await atEpoch(5, count)).toBe(2);
  });

  it('leaves no gap lock where a tenant is missing, so that it can be admitted at once', async () => {
    const runner = await fleet.onTenant('us1', 't_absent', async () => {
      const refused = fleet.dataSource.createQueryRunner();
      await expect(refused.startTransaction()).rejects.toMatchObject({
        code: 'TENANT_NOT_ON_SHARD',
      });
      return refused;
    });
    try {
      await fleet.rows('us1', 'SET SESSION innodb_lock_wait_timeout = 1');
      await fleet.admit('us1', 't_absent');
    } finally {
      await runner.release();
    }
  });

  it.each(['READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
    'honours %s',
    async (level) => {
      const seen = await atEpoch(5, () =>
        fleet.dataSource.transaction(level, async (manager) => {
          const before = await manager.findOneByOrFail(Account, { id: '2' });
          if (level === 'SERIALIZABLE') {
            await fleet.rows('us1', 'SET SESSION innodb_lock_wait_timeout = 1');
            const other = fleet.rows('us1', 'UPDATE account SET balance = 50 WHERE id = 2');
            return other.then(
              () => 'others write',
              (error: { errno: number }) => error.errno,
            );
          }
          await fleet.rows('us1', 'UPDATE account SET balance = 50 WHERE id = 2');
          const after = await manager.findOneByOrFail(Account, { id: '2' });
          return after.balance - before.balance;
        }),
      );
      const expected = { 'REPEATABLE READ': 0, SERIALIZABLE: 1205 }[level as string] ?? 50;
      expect(seen).toBe(expected);
    },
  );

  it('fences another transaction of the same runner again', async () => {
    await atEpoch(5, async () => {
      const runner = fleet.dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        await runner.commitTransaction();
        await setTenant('frozen', 6);
        await expect(runner.startTransaction()).rejects.toMatchObject({ code: 'TENANT_FROZEN' });
        await expect(runner.query('UPDATE account SET balance = 1')).rejects.toMatchObject({
          code: 'TENANT_FROZEN',
        });
      } finally {
        await runner.release();
      }
    });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('keeps statements that no one awaits inside transactions that are fenced', async () => {
    await atEpoch(5, async () => {
      const runner = fleet.dataSource.createQueryRunner();
      const update = (id: number) =>
        runner.query('UPDATE account SET balance = balance + 1 WHERE id = ?', [id]);
      try {
        const all = [update(1), runner.startTransaction(), update(2), update(1)];
        await Promise.all(all);
        await Promise.all([update(2), runner.commitTransaction(), update(1)]);
      } finally {
        await runner.release();
      }
    });
    expect(await fleet.rows('us1', 'SELECT id, balance FROM account ORDER BY id')).toEqual([
      { id: 1, balance: 3 },
      { id: 2, balance: 2 },
    ]);
    let open = 0;
    for (const sql of sent) {
      if (/^CALL/.test(sql)) open += 1;
      else if (/^COMMIT/.test(sql)) open -= 1;
      else if (/^UPDATE/.test(sql)) expect(open, sql).toBe(1);
    }
  });

  it('gives a connection back only when the statements on it have ended', async () => {
    await atEpoch(5, async () => {
      const runner = fleet.dataSource.createQueryRunner();
      const forgotten = runner.query('UPDATE account SET balance = SLEEP(0.2) + 4 WHERE id = 1');
      await runner.release();
      await expect(runner.query('SELECT 1')).rejects.toThrow(/released/i);
      await accounts().update({ id: '2' }, { balance: 5 });
      await forgotten;
    });
    expect(await fleet.rows('us1', 'SELECT balance FROM account ORDER BY id')).toEqual([
      { balance: 4 },
      { balance: 5 },
    ]);
  });

  it('rolls back what a runner left open when it is released', async () => {
    await atEpoch(5, async () => {
      const runner = fleet.dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.query('UPDATE account SET balance = 1');
      await runner.release();
      await accounts().update({ id: '2' }, { balance: 0 });
    });
    expect(await contents()).toBe(UNTOUCHED);
  });
});
