import 'reflect-metadata';
import { Sharded, type ShardedDataSource } from '@switchyard/models';
import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import {
  Account,
  Check,
  contents,
  Counter,
  Country,
  ENTITIES,
  Inquiry,
  refill,
  startHouse,
  uuidOf,
} from './house.ts';

/** Says itself that its reads are not scoped. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: false })
@Entity()
class Notice {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) text!: string;
}

/** Says itself that its reads are scoped. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
@Entity()
class Secret {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

const ALL = [...ENTITIES, Notice, Secret];
const ROWS = "(1, 't_1'), (2, 't_2'), (3, 't_3')";

let fleet: Fleet;
let scoped: ShardedDataSource;
beforeAll(async () => {
  fleet = await startHouse({
    entities: ALL,
    sql: [`INSERT INTO notice (id, tenantId) VALUES ${ROWS}`, `INSERT INTO secret VALUES ${ROWS}`],
  });
  scoped = await fleet.open({ entities: ALL, scopeReads: true });
});
beforeEach(() => refill(fleet));
afterAll(() => fleet?.stop());

const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
const asT3 = <T>(fn: () => T): T => fleet.onTenant('us2', 't_3', fn);
const repo = <T extends object>(entity: new () => T) => scoped.getRepository<T>(entity);

describe('a data source with scopeReads', () => {
  it('shows each tenant its own rows only, of every entity with a tenant key', async () => {
    const seen = async () => [
      (await repo(Account).find()).map(({ name }) => name),
      (await repo(Inquiry).find({ relations: { tags: true } })).map(({ tags }) => tags[0]?.label),
      (await repo(Check).find()).map(({ kind }) => kind), // over its inquiry
      await repo(Counter).count(),
      await repo(Account).findOneBy({ id: '2' }),
    ];
    const of = (at: string) => [
      [`account of ${at}`],
      [`tag of ${at}`],
      [`check of ${at}`],
      1,
      null,
    ];
    expect(await asT1(seen)).toEqual(of('us1 t_1'));
    expect(await asT3(seen)).toEqual(of('us2 t_3'));
  });

  it('scopes joins, further tables of FROM, sub-queries and common table expressions', async () => {
    const counts = await asT1(async () => [
      await repo(Inquiry).createQueryBuilder('i').innerJoin(Account, 'a').getCount(),
      (await repo(Inquiry).createQueryBuilder('i').addFrom(Account, 'a').getRawMany()).length,
      await repo(Inquiry)
        .createQueryBuilder('i')
        .where((qb) => `2 IN ${qb.subQuery().select('a.id').from(Account, 'a').getQuery()}`)
        .getCount(),
      (
        await scoped
          .createQueryBuilder()
          .addCommonTableExpression(repo(Account).createQueryBuilder('a').select('a.id'), 'mine')
          .select('mine.*')
          .from('mine', 'mine')
          .getRawMany()
      ).length,
    ]);
    expect(counts).toEqual([1, 1, 0, 1]);
  });

  it('binds the tenant where the text of a sub-query is taken along without its parameters', async () => {
    const mine = () => `id IN (${repo(Account).createQueryBuilder('a').select('a.id').getQuery()})`;
    await asT1(async () => {
      expect(await repo(Notice).createQueryBuilder().where(mine()).getCount()).toBe(1);
      await repo(Notice).createQueryBuilder().update().set({ text: 'x' }).where(mine()).execute();
    });
    expect(await fleet.rows('us1', "SELECT id FROM notice WHERE text = 'x'")).toEqual([{ id: 1 }]);
  });

  it('loads a relation of our row that is another tenant’s as null', async () => {
    await fleet.rows('us1', 'UPDATE inquiry SET accountId = 2, reviewerId = 2 WHERE id = 1');
    const inquiry = await asT1(() =>
      repo(Inquiry).findOneOrFail({ where: { id: '1' }, relations: { account: true } }),
    );
    expect(inquiry.account).toBeNull();
    expect(await asT1(() => inquiry.reviewer)).toBeNull();
  });

  it('leaves an entity alone that says scopeReads: false, and reference data', async () => {
    expect(await asT1(() => repo(Notice).count())).toBe(3);
    expect(await asT1(() => repo(Country).findOneBy({ code: 'fr' }))).toMatchObject({
      name: 'France of us1',
    });
  });

  it('is not asked on a shard for no tenant', async () => {
    expect(await fleet.onShard('us1', () => repo(Account).count())).toBe(2);
  });

  it('still refuses to save or remove another tenant’s row with TENANT_MISMATCH', async () => {
    const before = await contents(fleet);
    for (const save of [
      () => repo(Account).save({ id: '2', name: 'taken' }),
      () => repo(Account).remove({ id: '2' } as Account),
      () => repo(Check).save({ id: '2', kind: 'taken', inquiry: { id: '1' } }),
      () => repo(Inquiry).save({ title: 'new', account: { id: '2' } }),
    ]) {
      await expect(asT1<Promise<unknown>>(save)).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
    }
    expect(await contents(fleet)).toEqual(before);
  });

  it('finds nothing of another tenant to soft-remove or recover, as where there is no row', async () => {
    const before = await contents(fleet);
    await asT1(async () => {
      await repo(Account).softRemove({ id: '2' } as Account);
      await repo(Account).recover({ id: '2' } as Account);
      await repo(Account).softDelete({ id: '2' });
    });
    expect(await contents(fleet)).toEqual(before);
  });

  it('saves our own graphs as always', async () => {
    await asT1(async () => {
      const inquiry = await repo(Inquiry).findOneOrFail({
        where: { id: '1' },
        relations: { checks: true, tags: true },
      });
      inquiry.title = 'changed';
      inquiry.checks[0]!.kind = 'changed';
      inquiry.tags = [];
      await repo(Inquiry).save(inquiry);
    });
    expect(await fleet.rows('us1', 'SELECT title FROM inquiry ORDER BY id')).toEqual([
      { title: 'changed' },
      { title: 'inquiry of us1 t_2' },
    ]);
    expect(await fleet.rows('us1', 'SELECT * FROM inquiry_tags_tag')).toEqual([
      { inquiryId: 2, tagId: uuidOf(2) },
    ]);
  });
});

describe('a data source without scopeReads', () => {
  it('scopes the reads of those entities only that say so themselves', async () => {
    const counts = await asT1(async () => [
      await fleet.dataSource.getRepository(Account).count(),
      await fleet.dataSource.getRepository(Notice).count(),
      await fleet.dataSource.getRepository(Secret).count(),
    ]);
    expect(counts).toEqual([2, 3, 1]);
  });
});

describe('scopeReads on an entity of no tenant', () => {
  it('is refused at start-up with DECLARATION_INVALID', async () => {
    @Sharded({ tenant: 'none', scopeReads: true })
    @Entity()
    class Currency {
      @PrimaryColumn({ type: 'char', length: 3 }) code!: string;
    }
    await expect(fleet.open({ entities: [Currency] })).rejects.toMatchObject({
      code: 'DECLARATION_INVALID',
      message: expect.stringContaining('Currency') as string,
    });
  });
});
