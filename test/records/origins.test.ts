import { copyRecordForAnotherShard, originOf } from '@switchyard/models';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import {
  Account,
  Check,
  contents,
  Counter,
  Country,
  Inquiry,
  refill,
  startHouse,
} from './house.ts';

let fleet: Fleet;
const statements: string[] = [];
const logger = {
  logQuery: (sql: string) => void statements.push(sql),
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};
beforeAll(async () => {
  fleet = await startHouse({ dataSource: { logging: ['query'], logger } });
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
const asT3 = <T>(fn: () => T): T => fleet.onTenant('us2', 't_3', fn);
const T1 = { fleet: 'test', shard: 'us1', tenant: 't_1', epoch: 1 };
const account = () => repo(Account).findOneByOrFail({ id: '1' });

/** Runs a write for t_3 on us2 that must be refused before any statement. */
async function refusedOnUs2(write: () => Promise<unknown>, code = 'RECORD_MISPLACED') {
  const before = await contents(fleet);
  statements.length = 0;
  await expect(asT3(write)).rejects.toMatchObject({ code });
  expect(statements).toEqual([]);
  expect(await contents(fleet)).toEqual(before);
}

describe('a record remembers where it came from', () => {
  it('after a find, and so does everything joined to it', async () => {
    const inquiry = await asT1(() =>
      repo(Inquiry).findOneOrFail({
        where: { id: '1' },
        relations: { checks: true, tags: true, account: true },
      }),
    );
    for (const record of [inquiry, inquiry.checks[0], inquiry.tags[0], inquiry.account]) {
      expect(originOf(record as object)).toEqual(T1);
    }
  });

  it('after a query builder’s getOne, getRawAndEntities and getManyAndCount, without listeners too', async () => {
    const builder = () => repo(Account).createQueryBuilder('a').where('a.id = 1');
    const one = await asT1(() => builder().getOne());
    const { entities } = await asT1(() => builder().getRawAndEntities());
    const [many] = await asT1(() => builder().getManyAndCount());
    const quiet = await asT1(() => builder().callListeners(false).getOne());
    for (const record of [one, entities[0], many[0], quiet]) {
      expect(originOf(record as object)).toEqual(T1);
    }
  });

  it('mapped by a join to a property that is no relation, one or many, and below a relation', async () => {
    type Mapped = Account & { found: Inquiry[]; last: Inquiry & { seen: Check } };
    const mapped = (await asT1(() =>
      repo(Account)
        .createQueryBuilder('a')
        .leftJoinAndMapMany('a.found', Inquiry, 'i', 'i.accountId = a.id')
        .leftJoinAndMapOne('a.last', Inquiry, 'l', 'l.accountId = a.id')
        .leftJoinAndMapOne('l.seen', Check, 'c', 'c.inquiryId = l.id')
        .where('a.id = 1')
        .getOneOrFail(),
    )) as Mapped;
    for (const record of [mapped.found[0], mapped.last, mapped.last.seen]) {
      expect(originOf(record as object)).toEqual(T1);
    }
    await refusedOnUs2(() => repo(Inquiry).save(mapped.last));
  });

  it('over a lazy relation, which loads from its own shard outside and elsewhere', async () => {
    const inquiry = await asT1(() => repo(Inquiry).findOneByOrFail({ id: '1' }));
    const elsewhere = await asT3(() => inquiry.reviewer);
    expect(elsewhere).toMatchObject({ name: 'account of us1 t_1' });
    expect(originOf(elsewhere as object)).toEqual(T1);
    const again = await asT1(() => repo(Inquiry).findOneByOrFail({ id: '1' }));
    expect(await again.reviewer).toMatchObject({ name: 'account of us1 t_1' });
  });

  it('after save and insert, from the place where it was written', async () => {
    const saved = await asT1(() => repo(Account).save(repo(Account).create({ name: 'new' })));
    expect(originOf(saved)).toEqual(T1);
    const inserted = repo(Account).create({ name: 'inserted' });
    await asT1(() => repo(Account).insert(inserted));
    expect(originOf(inserted)).toEqual(T1);
    const updated = await asT1(() => repo(Account).save({ id: '1', name: 'updated' }));
    expect(originOf(updated)).toEqual(T1);
  });

  it('in merge, preload and create(source), and in what hangs on them; not after a plain create', async () => {
    const source = await asT1(() =>
      repo(Inquiry).findOneOrFail({ where: { id: '1' }, relations: { account: true } }),
    );
    expect(originOf(repo(Inquiry).create({ id: '1', title: 'plain' }))).toBeUndefined();
    const created = repo(Inquiry).create(source);
    expect(originOf(created)).toEqual(T1);
    expect(originOf(created.account as object)).toEqual(T1);
    expect(originOf(repo(Inquiry).merge(repo(Inquiry).create(), source))).toEqual(T1);
    const preloaded = await asT1(() => repo(Account).preload({ id: '1', name: 'preloaded' }));
    expect(originOf(preloaded as object)).toEqual(T1);
  });

  it('without showing it in keys, spread, JSON or equality', async () => {
    const record = await asT1(account);
    const plain = repo(Account).create({ ...record });
    expect(Reflect.ownKeys(record)).toEqual(Reflect.ownKeys({ ...record }));
    expect(JSON.stringify(record)).not.toContain('us1"');
    expect(record).toEqual(plain);
  });
});

describe('a record of one shard', () => {
  it('is refused on another for save, remove, softRemove, recover and insert, before any SQL', async () => {
    const record = await asT1(account);
    record.name = 'strayed';
    await refusedOnUs2(() => repo(Account).save(record));
    await refusedOnUs2(() => repo(Account).save([repo(Account).create({ name: 'ok' }), record]));
    await refusedOnUs2(() => repo(Account).remove(record));
    await refusedOnUs2(() => repo(Account).softRemove(record));
    await refusedOnUs2(() => repo(Account).recover(record));
    await refusedOnUs2(() => repo(Account).insert(record));
  });

  it('is refused inside a transaction, of which nothing stays', async () => {
    const record = await asT1(account);
    const before = await contents(fleet);
    const work = asT3(() =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.save(Account, { name: 'rolled back' });
        await manager.save(record);
      }),
    );
    await expect(work).rejects.toMatchObject({ code: 'RECORD_MISPLACED' });
    expect(await contents(fleet)).toEqual(before);
  });

  it('is refused as a relation of another’s, cascaded or not; both places are named', async () => {
    const record = await asT1(account);
    const check = await asT1(() => repo(Check).findOneByOrFail({ id: '1' }));
    await refusedOnUs2(() => repo(Inquiry).save({ title: 'x', account: record }));
    await refusedOnUs2(() => repo(Inquiry).save({ title: 'x', checks: [check] }));
    await expect(asT3(() => repo(Inquiry).save({ title: 'x', account: record }))).rejects.toThrow(
      /us1 \(tenant t_1, epoch 1\).*us2 \(tenant t_3, epoch 1\)/,
    );
  });

  it('is refused when it was merged, or copied by create, into another', async () => {
    const record = await asT1(account);
    await refusedOnUs2(() => repo(Account).save(repo(Account).create(record)));
    const other = await asT3(account);
    expect(() => repo(Account).merge(other, record)).toThrow(
      expect.objectContaining({ code: 'RECORD_MISPLACED' }) as Error,
    );
  });

  it('is refused for reference data and shard-local ids as well', async () => {
    const country = await asT1(() => repo(Country).findOneByOrFail({ code: 'fr' }));
    await refusedOnUs2(() => repo(Country).save(country));
    const counter = await asT1(() => repo(Counter).findOneByOrFail({ id: 1 }));
    await refusedOnUs2(() => repo(Counter).save(counter));
  });

  it('is refused with listeners switched off too', async () => {
    const record = await asT1(account);
    await refusedOnUs2(() => repo(Account).save(record, { listeners: false }));
  });

  it('is reloaded, saved and removed where it came from', async () => {
    const record = await asT1(account);
    record.name = 'changed';
    await asT1(() => repo(Account).save(record));
    expect(await fleet.rows('us1', 'SELECT name FROM account WHERE id = 1')).toEqual([
      { name: 'changed' },
    ]);
    expect(await fleet.rows('us2', 'SELECT name FROM account WHERE id = 1')).toEqual([
      { name: 'account of us2 t_3' },
    ]);
  });
});

describe('a record that was loaded before its tenant moved', () => {
  it('is stale and not wrong: STALE_ROUTE, which may be retried', async () => {
    const record = await asT1(account);
    await fleet.rows(
      'us2',
      "INSERT INTO shard_tenant (tenant, state, epoch) VALUES ('t_1', 'active', 2)",
    );
    const save = fleet.onTenant('us2', 't_1', () => repo(Account).save(record), 2);
    await expect(save).rejects.toMatchObject({ code: 'STALE_ROUTE', retryable: true });
    await fleet.rows('us2', "DELETE FROM shard_tenant WHERE tenant = 't_1'");
  });

  it('is stale on the shard it came back to, at a later epoch', async () => {
    const record = await asT1(account);
    const save = fleet.onTenant('us1', 't_1', () => repo(Account).save(record), 3);
    await expect(save).rejects.toMatchObject({ code: 'STALE_ROUTE', tenant: 't_1' });
  });
});

describe('copyRecordForAnotherShard', () => {
  it('makes a record that belongs nowhere yet, and leaves the row it was made from', async () => {
    const record = await asT1(account);
    const copy = copyRecordForAnotherShard(fleet.dataSource, Account, record, { keepId: false });
    expect(originOf(copy)).toBeUndefined();
    copy.email = 'copied@example.org';
    const saved = await asT3(() => repo(Account).save(copy));
    expect(saved).toMatchObject({ tenantId: 't_3', name: 'account of us1 t_1' });
    expect(await fleet.rows('us1', 'SELECT tenantId FROM account WHERE id = 1')).toEqual([
      { tenantId: 't_1' },
    ]);
  });

  it('keeps ids that are unique in the fleet, and drops shard-local ones', async () => {
    const record = await asT1(account);
    expect(copyRecordForAnotherShard(fleet.dataSource, Account, record).id).toBe('1');
    const counter = await asT1(() => repo(Counter).findOneByOrFail({ id: 1 }));
    expect(copyRecordForAnotherShard(fleet.dataSource, Counter, counter).id).toBeUndefined();
  });
});
