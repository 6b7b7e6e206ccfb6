import { describe, expect, it } from 'vitest';
import type { QueryRunner } from 'typeorm';
import { channels, unfenced, type Escape } from '@switchyard/shard-context';
import { Account, Currency } from './account.ts';
import { accounts, atEpoch, contents, fleet, row, UNTOUCHED, WRITES } from './accounts-fleet.ts';

describe('in a context that names a shard only', () => {
  const onShard = <T>(fn: () => T): T => fleet.onShard('us1', fn);

  it.each(Object.entries(WRITES).filter(([name]) => !/procedure|streamed/.test(name)))(
    '%s to rows of tenants is refused with WRITE_NOT_FENCED',
    async (_name, write) => {
      await expect(onShard(write)).rejects.toMatchObject({ code: 'WRITE_NOT_FENCED' });
      expect(await contents()).toBe(UNTOUCHED);
    },
  );

  it('writes are done inside unfenced(), which is visible on the channel', async () => {
    const seen: Escape[] = [];
    const listen = (message: unknown) => void seen.push(message as Escape);
    channels.escape.subscribe(listen);
    try {
      await onShard(() =>
        unfenced('repair of balances', () => accounts().update({ id: '1' }, { balance: 8 })),
      );
    } finally {
      channels.escape.unsubscribe(listen);
    }
    expect(seen).toMatchObject([{ escape: 'unfenced', reason: 'repair of balances' }]);
    expect(await fleet.rows('us1', 'SELECT balance FROM account WHERE id = 1')).toEqual([
      { balance: 8 },
    ]);
  });

  it('rows of no one are written as they are', async () => {
    const currencies = () => fleet.dataSource.getRepository(Currency);
    await onShard(() => currencies().upsert({ code: 'EUR', name: 'Euro' }, ['code']));
    await onShard(() => currencies().save({ code: 'USD', name: 'Dollar' }));
    expect(await fleet.rows('us1', 'SELECT code FROM currency ORDER BY code')).toEqual([
      { code: 'EUR' },
      { code: 'USD' },
    ]);
    expect(await fleet.rows('us2', 'SELECT code FROM currency')).toEqual([]);
  });

  it('a named child of the data source needs unfenced() too', async () => {
    const child = fleet.dataSource.shard('us1');
    await expect(child.getRepository(Account).delete({ id: '1' })).rejects.toMatchObject({
      code: 'WRITE_NOT_FENCED',
    });
    await unfenced('clean-up', () => child.getRepository(Account).delete({ id: '1' }));
    expect(await fleet.rows('us1', 'SELECT id FROM account')).toEqual([{ id: 2 }]);
  });
});

describe('a query runner', () => {
  it('made for one tenant is refused for another on the same shard with RUNNER_MISPLACED', async () => {
    const runner = await atEpoch(5, async () => fleet.dataSource.createQueryRunner());
    const other = <T>(fn: () => T): T => fleet.onTenant('us1', 't_2', fn, 1);
    const uses: ((runner: QueryRunner) => Promise<unknown>)[] = [
      (used) => used.query('SELECT 1'),
      (used) => used.startTransaction(),
      (used) => used.manager.find(Account),
      (used) => used.manager.save(Account, row('x')),
    ];
    for (const use of uses) {
      await expect(other(() => use(runner))).rejects.toMatchObject({ code: 'RUNNER_MISPLACED' });
    }
    await runner.release();
  });
});
