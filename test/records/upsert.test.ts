import { withGivenId } from '@switchyard/models';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import type { Inquiry } from './house.ts';
import { Account, Check, contents, Country, refill, startHouse } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);

async function refused(write: () => Promise<unknown>, code = 'TENANT_MISMATCH'): Promise<void> {
  const before = await contents(fleet);
  await expect(asT1(write)).rejects.toMatchObject({ code });
  expect(await contents(fleet)).toEqual(before);
}

describe('upsert under a tenant', () => {
  it('inserts and updates rows of the tenant', async () => {
    await asT1(() =>
      repo(Account).upsert(
        [
          { email: 't_1@example.org', name: 'updated' },
          { email: 'new@example.org', name: 'inserted' },
        ],
        ['email'],
      ),
    );
    const rows = await fleet.rows('us1', 'SELECT tenantId, name FROM account ORDER BY id');
    expect(rows.map(({ tenantId, name }) => [tenantId, name])).toEqual([
      ['t_1', 'updated'],
      ['t_2', 'account of us1 t_2'],
      ['t_1', 'inserted'],
    ]);
  });

  it('is rolled back with TENANT_MISMATCH when it meets another’s row under its key', async () => {
    await refused(() =>
      repo(Account).upsert({ email: 't_2@example.org', name: 'taken' }, ['email']),
    );
    await refused(() =>
      repo(Account).upsert(
        [
          { email: 'fresh@example.org', name: 'would be inserted' },
          { email: 't_2@example.org', name: 'taken' },
        ],
        ['email'],
      ),
    );
  });

  it('is rolled back when it meets another’s row under a key that it did not name', async () => {
    await refused(() =>
      repo(Account).upsert(
        withGivenId('test', { id: '2', email: 'x@example.org', name: 'taken' }),
        ['email'],
      ),
    );
    await refused(() =>
      repo(Account).upsert(withGivenId('test', { id: '99', email: 't_2@example.org', name: 'x' }), [
        'id',
      ]),
    );
  });

  it('leaves another’s row as it is under a unique key that the entity does not declare, and nothing tells', async () => {
    await fleet.rows('us1', 'ALTER TABLE account ADD UNIQUE undeclared (name)');
    try {
      const before = await contents(fleet);
      const name = 'account of us1 t_2';
      await asT1(() =>
        repo(Account).upsert(withGivenId('test', { id: '99', email: 'new@example.org', name }), [
          'id',
        ]),
      );
      expect(await contents(fleet)).toEqual(before);
    } finally {
      await fleet.rows('us1', 'ALTER TABLE account DROP INDEX undeclared');
    }
  });

  it('is rolled back when the row is another’s by its owner', async () => {
    const inquiry = { id: '1' } as Inquiry;
    await asT1(() =>
      repo(Check).upsert({ reference: 'ref-t_1', kind: 'mine', inquiry }, ['reference']),
    );
    expect(await fleet.rows('us1', 'SELECT kind FROM `check` WHERE id = 1')).toEqual([
      { kind: 'mine' },
    ]);
    await refused(() =>
      repo(Check).upsert({ reference: 'ref-t_2', kind: 'taken', inquiry }, ['reference']),
    );
  });

  it('is refused for a row that names another tenant', async () => {
    await refused(() =>
      repo(Account).upsert({ email: 'n@example.org', name: 'x', tenantId: 't_2' }, ['email']),
    );
  });

  it('guards orUpdate of the query builder too', async () => {
    await refused(() =>
      repo(Account)
        .createQueryBuilder()
        .insert()
        .values({ email: 't_2@example.org', name: 'taken' })
        .orUpdate(['name'], ['email'])
        .execute(),
    );
  });

  it('takes part in a transaction that is open already', async () => {
    const work = asT1(() =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.save(Account, { name: 'first' });
        await manager.upsert(Account, { email: 't_2@example.org', name: 'taken' }, ['email']);
      }),
    );
    await expect(work).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
    expect(await fleet.rows('us1', 'SELECT COUNT(*) n FROM account')).toEqual([{ n: 2 }]);
  });

  it('leaves orIgnore to the server: another’s row stays as it is', async () => {
    await asT1(() =>
      repo(Account)
        .createQueryBuilder()
        .insert()
        .orIgnore()
        .values({ email: 't_2@example.org', name: 'taken' })
        .execute(),
    );
    expect(await fleet.rows('us1', 'SELECT name FROM account WHERE id = 2')).toEqual([
      { name: 'account of us1 t_2' },
    ]);
  });

  it('of reference data is no one’s business', async () => {
    await asT1(() => repo(Country).upsert({ code: 'fr', name: 'République' }, ['code']));
    expect(await fleet.rows('us1', 'SELECT name FROM country')).toEqual([{ name: 'République' }]);
  });

  it('refuses INSERT … SELECT, whose rows no one can check: TENANT_UNCHECKABLE', async () => {
    await refused(
      () =>
        repo(Account)
          .createQueryBuilder()
          .insert()
          .into(Account, ['tenantId', 'name', 'version'])
          .valuesFromSelect((from) =>
            from.select(['a.tenantId', 'a.name', 'a.version']).from(Account, 'a'),
          )
          .execute(),
      'TENANT_UNCHECKABLE',
    );
  });
});
