import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import type { Tag } from './house.ts';
import { Account, Check, contents, Country, Inquiry, refill, startHouse, uuidOf } from './house.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startHouse();
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);

/** Runs a write for t_1 that must be refused, and looks that nothing changed anywhere. */
async function refused(write: () => Promise<unknown>, code = 'TENANT_MISMATCH'): Promise<void> {
  const before = await contents(fleet);
  await expect(asT1(write)).rejects.toMatchObject({ code });
  expect(await contents(fleet)).toEqual(before);
}

describe('an entity that names its tenant', () => {
  it('is stamped with the tenant of the context when saved or inserted without one', async () => {
    await asT1(async () => {
      await repo(Account).save({ name: 'saved plain' });
      await repo(Account).save(repo(Account).create({ name: 'saved entity' }));
      await repo(Account).insert({ name: 'inserted' });
      await repo(Account).insert([{ name: 'many 1' }, { name: 'many 2' }]);
      await repo(Account)
        .createQueryBuilder()
        .insert()
        .into(Account, ['name', 'version'])
        .values({ name: 'columns named' })
        .execute();
    });
    const rows = await fleet.rows('us1', 'SELECT DISTINCT tenantId FROM account WHERE id > 2');
    expect(rows).toEqual([{ tenantId: 't_1' }]);
    expect(await fleet.rows('us2', 'SELECT COUNT(*) n FROM account')).toEqual([{ n: 1 }]);
  });

  it('is refused with TENANT_MISMATCH when it names another, and nothing is written', async () => {
    await refused(() => repo(Account).save({ name: 'x', tenantId: 't_2' }));
    await refused(() => repo(Account).insert({ name: 'x', tenantId: 't_2' }));
    await refused(() => repo(Account).insert([{ name: 'x' }, { name: 'y', tenantId: 't_2' }]));
  });

  it('names the tenants in the error, and not the row', async () => {
    const save = asT1(() => repo(Account).save({ name: 'secret', tenantId: 't_2' }));
    await expect(save).rejects.toMatchObject({ tenant: 't_1', found: 't_2', shard: 'us1' });
    await expect(save).rejects.not.toThrow('secret');
  });

  it('is refused when another tenant’s row is saved from a DTO that leaves the tenant out', async () => {
    await refused(() => repo(Account).save({ id: '2', name: 'taken' }));
  });

  it('is refused for the record itself, its spread, its clone and its JSON', async () => {
    const foreign = (await asT1(() => repo(Account).findOneBy({ id: '2' }))) as Account;
    foreign.name = 'taken';
    await refused(() => repo(Account).save(foreign));
    await refused(() => repo(Account).save({ ...foreign }));
    await refused(() => repo(Account).save(structuredClone({ ...foreign })));
    await refused(() => repo(Account).save(JSON.parse(JSON.stringify(foreign)) as Account));
  });

  it('is refused when a record of ours is given away, by save or by update', async () => {
    const own = (await asT1(() => repo(Account).findOneBy({ id: '1' }))) as Account;
    own.tenantId = 't_2';
    await refused(() => repo(Account).save(own));
    await refused(() => repo(Account).update({ id: '1' }, { tenantId: 't_2' }));
  });

  it('is refused when the foreign tenant appears in a listener or subscriber only', async () => {
    const subscriber = {
      listenTo: () => Account,
      beforeInsert: ({ entity }: { entity: Account }) => {
        if (entity.name === 'switched') entity.tenantId = 't_2';
      },
    };
    fleet.dataSource.subscribers.push(subscriber);
    await refused(() => repo(Account).save({ name: 'switched' }));
    fleet.dataSource.subscribers.splice(fleet.dataSource.subscribers.indexOf(subscriber), 1);
  });

  it('is refused for remove, softRemove and recover of another tenant’s row', async () => {
    const foreign = (await asT1(() => repo(Account).findOneBy({ id: '2' }))) as Account;
    await refused(() => repo(Account).softRemove({ ...foreign }));
    await refused(() => repo(Account).recover({ ...foreign, deletedAt: new Date(0) }));
    await refused(() => repo(Account).remove(foreign));
    await refused(() => repo(Account).remove({ id: '2' } as Account));
  });

  it('cannot be set by an SQL expression, which no one can check: TENANT_UNCHECKABLE', async () => {
    const tenantId = () => "'t_2'";
    await refused(
      () => repo(Account).createQueryBuilder().update().set({ tenantId }).where('id = 1').execute(),
      'TENANT_UNCHECKABLE',
    );
    await refused(
      () => repo(Account).createQueryBuilder().insert().values({ name: 'x', tenantId }).execute(),
      'TENANT_UNCHECKABLE',
    );
  });
});

describe('a criteria write', () => {
  it('touches rows of the tenant only, whatever its criteria', async () => {
    await asT1(async () => {
      await repo(Account).update({ id: '2' }, { name: 'taken' });
      await repo(Account).updateAll({ name: 'all of mine' });
      await repo(Account)
        .increment({}, 'version', 10)
        .catch(() => undefined);
      await repo(Account)
        .createQueryBuilder()
        .update()
        .set({ name: 'by or' })
        .where('id = 1')
        .orWhere('id = 2')
        .execute();
      await repo(Account).softDelete({ id: '2' });
      await repo(Account).restore({ id: '2' });
      await repo(Check).update({ kind: 'nothing' }, { kind: 'x' });
      await repo(Check).delete({ id: '2' });
      await repo(Account).delete({ id: '2' });
    });
    const [mine, theirs] = await fleet.rows(
      'us1',
      'SELECT name, deletedAt FROM account ORDER BY id',
    );
    expect(mine).toEqual({ name: 'by or', deletedAt: null });
    expect(theirs).toEqual({ name: 'account of us1 t_2', deletedAt: null });
    expect(await fleet.rows('us1', 'SELECT id FROM `check` ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  it('reports no affected rows for another tenant’s row', async () => {
    const [updated, deleted] = await asT1(async () => [
      await repo(Account).update({ id: '2' }, { name: 'x' }),
      await repo(Account).delete('2'),
    ]);
    expect([updated?.affected, deleted?.affected]).toEqual([0, 0]);
  });

  it('follows the declared relation to the tenant', async () => {
    await asT1(async () => {
      await repo(Check).updateAll({ kind: 'mine' });
      await repo(Check).createQueryBuilder().delete().execute();
    });
    expect(await fleet.rows('us1', 'SELECT id, kind FROM `check`')).toEqual([
      { id: 2, kind: 'check of us1 t_2' },
    ]);
  });

  it('leaves reference data to everyone', async () => {
    await asT1(() => repo(Country).update({ code: 'fr' }, { name: 'République' }));
    expect(await fleet.rows('us1', 'SELECT name FROM country')).toEqual([{ name: 'République' }]);
  });
});

describe('an entity that belongs to whom its owner belongs', () => {
  it('is saved under an owner of the tenant: an entity, a stub, an id', async () => {
    await asT1(async () => {
      const inquiry = await repo(Inquiry).findOneByOrFail({ id: '1' });
      await repo(Check).save({ kind: 'entity', inquiry });
      await repo(Check).save({ kind: 'stub', inquiry: { id: '1' } as Inquiry });
      await repo(Check).insert({ kind: 'inserted', inquiry: { id: '1' } });
      await repo(Inquiry).save({ title: 'new', checks: [{ kind: 'cascaded' }] });
    });
    const rows = await fleet.rows(
      'us1',
      'SELECT kind, tenantId FROM `check` c JOIN inquiry i ON i.id = c.inquiryId WHERE c.id > 2 ORDER BY c.id',
    );
    expect(rows.map(({ kind, tenantId }) => `${kind} ${tenantId}`)).toEqual([
      'entity t_1',
      'stub t_1',
      'inserted t_1',
      'cascaded t_1',
    ]);
  });

  it('is refused under another’s owner: a stub, a stub that lies about its tenant, an insert', async () => {
    await refused(() => repo(Check).save({ kind: 'x', inquiry: { id: '2' } as Inquiry }));
    await refused(() =>
      repo(Check).save({ kind: 'x', inquiry: { id: '2', tenantId: 't_1' } as Inquiry }),
    );
    await refused(() => repo(Check).insert({ kind: 'x', inquiry: { id: '2' } }));
    await refused(() => repo(Check).update({ id: '1' }, { inquiry: { id: '2' } as Inquiry }));
  });

  it('is refused without an owner, with one that is not there, and when the owner is taken away', async () => {
    await refused(() => repo(Check).save({ kind: 'x' }));
    await refused(() => repo(Check).insert({ kind: 'x' }));
    await refused(() => repo(Check).save({ kind: 'x', inquiry: { id: '77' } as Inquiry }));
    await refused(() => repo(Check).save({ id: '1', inquiry: null as unknown as Inquiry }));
  });

  it('is refused when another’s row is saved or removed by its id', async () => {
    await refused(() => repo(Check).save({ id: '2', kind: 'taken' }));
    await refused(() => repo(Check).remove({ id: '2' } as Check));
  });

  it('reads the owners of any number of stubs in one query', async () => {
    const inquiries = await asT1(() =>
      repo(Inquiry).save(Array.from({ length: 20 }, (_, i) => ({ title: `i${i}` }))),
    );
    const seen: string[] = [];
    const logged = await fleet.open({
      logging: ['query'],
      logger: {
        logQuery: (sql: string) => seen.push(sql),
        ...{
          logQueryError() {},
          logQuerySlow() {},
          logSchemaBuild() {},
          logMigration() {},
          log() {},
        },
      },
    });
    await asT1(() =>
      logged
        .getRepository(Check)
        .save(inquiries.map(({ id }) => ({ kind: 'many', inquiry: { id } as Inquiry }))),
    );
    expect(seen.filter((sql) => sql.includes('AS tenant'))).toHaveLength(1);
  });
});

describe('a relation', () => {
  it('to another tenant’s row is refused, as a stub, an entity and through a junction table', async () => {
    await refused(() => repo(Inquiry).save({ title: 'x', account: { id: '2' } as Account }));
    await refused(() => repo(Inquiry).save({ id: '1', tags: [{ id: uuidOf(2) } as Tag] }));
    await refused(() => repo(Inquiry).save({ id: '1', checks: [{ id: '2' } as Check] }));
    await refused(() => repo(Inquiry).insert({ title: 'x', account: { id: '2' } }));
  });

  it('set by the relation query builder is checked as well', async () => {
    const builder = () => fleet.dataSource.createQueryBuilder();
    await refused(() => builder().relation(Inquiry, 'account').of('1').set('2'));
    await refused(() => builder().relation(Inquiry, 'tags').of('1').add(uuidOf(2)));
    await asT1(() => builder().relation(Inquiry, 'tags').of('2').remove(uuidOf(2)));
    expect(await fleet.rows('us1', 'SELECT * FROM inquiry_tags_tag')).toHaveLength(2);
    await asT1(() => builder().relation(Inquiry, 'tags').of('1').remove(uuidOf(1)));
    expect(await fleet.rows('us1', 'SELECT * FROM inquiry_tags_tag')).toHaveLength(1);
  });

  it('to reference data needs no tenant', async () => {
    const saved = await asT1(() => repo(Country).save({ code: 'de', name: 'Germany' }));
    expect(saved.name).toBe('Germany');
  });
});

describe('raw SQL of a tenant', () => {
  it('is not rewritten: it reads and changes rows of all tenants on the shard', async () => {
    const update = "UPDATE account SET name = 'raw' WHERE id = 2";
    const seen = await asT1(async () => {
      await fleet.dataSource.query(update);
      return fleet.dataSource.query<unknown[]>('SELECT tenantId FROM account ORDER BY id');
    });
    expect(seen).toEqual([{ tenantId: 't_1' }, { tenantId: 't_2' }]);
    const named = "SELECT COUNT(*) n FROM account WHERE name = 'raw'";
    expect(await fleet.rows('us1', named)).toEqual([{ n: 1 }]);
    expect(await fleet.rows('us2', named)).toEqual([{ n: 0 }]);
  });
});

describe('a context that names a shard only', () => {
  it('writes rows of tenants only by name: unfenced()', async () => {
    const write = () => repo(Account).save({ name: 'x', tenantId: 't_1' });
    await expect(fleet.onShard('us1', write)).rejects.toMatchObject({ code: 'WRITE_NOT_FENCED' });
    expect(await fleet.rows('us1', 'SELECT COUNT(*) n FROM account')).toEqual([{ n: 2 }]);
  });
});
