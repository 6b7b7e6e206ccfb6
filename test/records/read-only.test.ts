import { readOnly, writable } from '@switchyard/shard-context';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, contents, Inquiry, refill, startHouse } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const reading = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', () => readOnly(fn));
const query = (sql: string) => fleet.dataSource.query(sql);

async function refused(write: () => Promise<unknown>): Promise<void> {
  const before = await contents(fleet);
  await expect(reading(write)).rejects.toMatchObject({ code: 'CONTEXT_READ_ONLY' });
  expect(await contents(fleet)).toEqual(before);
}

describe('a read-only context', () => {
  it('reads by repository, relation, query builder and raw SQL', async () => {
    const found = await reading(async () => [
      await repo(Account).count(),
      (await repo(Inquiry).find({ relations: { checks: true } })).length,
      await repo(Account).createQueryBuilder('a').where('a.id = 1').getCount(),
      (await query('WITH x AS (SELECT 1 AS n) SELECT n FROM x')).length,
    ]);
    expect(found).toEqual([2, 2, 1, 1]);
  });

  it('refuses writes of entities', async () => {
    const account = await reading(() => repo(Account).findOneByOrFail({ id: '1' }));
    account.name = 'written';
    await refused(() => repo(Account).save(account));
    await refused(() => repo(Account).save({ name: 'new' }));
    await refused(() => repo(Account).insert({ name: 'new' }));
    await refused(() => repo(Account).remove(account));
  });

  it('refuses criteria writes, upserts and increments', async () => {
    await refused(() => repo(Account).update({ id: '1' }, { name: 'written' }));
    await refused(() => repo(Account).delete({ id: '1' }));
    await refused(() => repo(Account).softDelete({ id: '1' }));
    await refused(() => repo(Account).upsert({ email: 'a', name: 'b' }, ['email']));
    await refused(() => repo(Account).increment({ id: '1' }, 'version', 1));
    await refused(() =>
      repo(Account).createQueryBuilder().update().set({ name: 'x' }).where('id = 1').execute(),
    );
    await refused(() => repo(Account).clear());
  });

  it('refuses a transaction’s writes: the session’s own READ ONLY is the wall', async () => {
    const write = () =>
      fleet.dataSource.transaction((manager) => manager.save(Account, { name: 'new' }));
    const before = await contents(fleet);
    await expect(reading(write)).rejects.toMatchObject({ code: 'CONTEXT_READ_ONLY' });
    expect(await contents(fleet)).toEqual(before);
  });

  it.each([
    "/* SELECT */ UPDATE account SET name = 'x'",
    "-- SELECT\nUPDATE account SET name = 'x'",
    "# SELECT\nUPDATE account SET name = 'x'",
    "/*!50000 UPDATE account SET name = 'x' */",
    '/*!99999 SELECT */ DELETE FROM account',
    'WITH x AS (SELECT 1) DELETE FROM account',
    '(SELECT 1) UNION (SELECT 2) FOR UPDATE',
    'SELECT * FROM account FOR UPDATE',
    'SELECT * FROM account LOCK IN SHARE MODE',
    'SELECT * FROM account FOR SHARE',
    "SELECT * FROM account INTO OUTFILE '/tmp/switchyard-read-only'",
    'ANALYZE FORMAT=JSON DELETE FROM account',
    'SET STATEMENT max_statement_time = 1 FOR DELETE FROM account',
    'SET GLOBAL max_connections = 1',
    'SET SESSION TRANSACTION READ WRITE',
    'USE mysql',
    'SELECT 1; DELETE FROM account',
    'CREATE TEMPORARY TABLE t (id int)',
    'CREATE TABLE t (id int)',
    'TRUNCATE account',
    'LOCK TABLES account WRITE',
    'CALL something()',
    "SELECT 'not ended",
    'IF 1 THEN DELETE FROM account; END IF',
  ])('refuses %j', (sql) => refused(() => query(sql)));

  it('is opened again only by name: writable()', async () => {
    await reading(() =>
      writable('a test', () => repo(Account).update({ id: '1' }, { name: 'by name' })),
    );
    expect(await fleet.rows('us1', 'SELECT name FROM account WHERE id = 1')).toEqual([
      { name: 'by name' },
    ]);
  });
});
