import { checkPinned, Pinned, pinnedSchema, Sharded } from '@switchyard/models';
import {
  Column,
  DataSource,
  Entity,
  EntitySchema,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type EntityMetadata,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { freshDatabase, mysqlServers, type FreshDatabase } from '../support/servers/index.ts';
import { Account, ENTITIES, refill, startHouse } from './house.ts';

@Pinned({ domain: 'billing' })
@Entity()
class Invoice {
  @PrimaryGeneratedColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) accountId!: string;
  @Column({ type: 'int' }) cents!: number;
}

const Rate = pinnedSchema(
  new EntitySchema<{ currency: string; rate: number }>({
    name: 'Rate',
    columns: {
      currency: { type: 'char', length: 3, primary: true },
      rate: { type: 'int' },
    },
  }),
  { domain: 'billing' },
);

let fleet: Fleet;
let database: FreshDatabase;
let billing: DataSource;
beforeAll(async () => {
  fleet = await startHouse();
  const [server] = await mysqlServers(1);
  database = await freshDatabase(server!, 'billing');
  billing = new DataSource({
    type: server!.engine,
    host: server!.host,
    port: server!.port,
    username: server!.user,
    password: server!.password,
    database: database.name,
    entities: [Invoice, Rate],
    synchronize: true,
  });
  await billing.initialize();
});
beforeEach(() => refill(fleet));
afterAll(async () => {
  await billing?.destroy();
  await database?.drop();
  await fleet?.stop();
});

describe('a pinned entity', () => {
  it('is read and written without any context', async () => {
    const saved = await billing.getRepository(Invoice).save({ accountId: '1', cents: 100 });
    expect(await billing.getRepository(Invoice).findOneBy({ id: saved.id })).toMatchObject({
      cents: 100,
    });
  });

  it('is read and written inside a locked shard context, on its own database', async () => {
    await fleet.context.onPlacement(
      { shard: 'us1', tenant: 't_1', epoch: 1 },
      async () => {
        const account = await fleet.dataSource.manager.findOneByOrFail(Account, { id: '1' });
        await billing.getRepository(Invoice).save({ accountId: account.id, cents: 200 });
        await billing.getRepository(Rate).save({ currency: 'EUR', rate: 1 });
        await billing.transaction((manager) =>
          manager.update(Invoice, { accountId: account.id }, { cents: 300 }),
        );
      },
      { lock: true },
    );
    expect(await billing.getRepository(Rate).count()).toBe(1);
    const tables = await fleet.rows('us1', "SHOW TABLES LIKE 'invoice'");
    expect(tables).toEqual([]);
  });

  it('passes checkPinned; a sharded entity beside it is refused by name', async () => {
    checkPinned(billing.entityMetadatas);
    const account = fleet.dataSource.getMetadata(Account) as EntityMetadata;
    expect(() => checkPinned([...billing.entityMetadatas, account])).toThrow(
      expect.objectContaining({ code: 'WRONG_DOMAIN', entity: 'Account' }) as Error,
    );
  });

  it('cannot be joined to a sharded one, or stand in its sub-query: refused, both named', async () => {
    const accounts = () => fleet.dataSource.getRepository(Account).createQueryBuilder('a');
    const on = 'i.accountId = a.id';
    const queries: (() => unknown)[] = [
      () => accounts().leftJoin(Invoice, 'i', on),
      () => accounts().innerJoinAndMapMany('a.invoices', Invoice, 'i', on),
      () => accounts().innerJoin('Invoice', 'i', on),
      () => accounts().addFrom(Invoice, 'i'),
      () => accounts().where((qb) => qb.subQuery().from(Invoice, 'i').getQuery()),
      () => accounts().innerJoin((qb) => qb.from(Invoice, 'i'), 'x', 'x.accountId = a.id'),
      () => fleet.dataSource.shard('us1').createQueryBuilder(Account, 'a').leftJoin(Invoice, 'i'),
    ];
    for (const query of queries) {
      expect(() => fleet.onTenant('us1', 't_1', query)).toThrow(
        expect.objectContaining({
          code: 'CROSS_DOMAIN_RELATION',
          from: 'Account',
          to: 'Invoice',
        }) as Error,
      );
    }
    expect(() => accounts().leftJoin('Rate', 'r')).toThrow(
      expect.objectContaining({ code: 'CROSS_DOMAIN_RELATION', to: 'Rate' }) as Error,
    );
  });

  it('is refused by repositories, managers and builders of a sharded one with WRONG_DOMAIN', async () => {
    const { dataSource } = fleet;
    const asks: (() => unknown)[] = [
      () => dataSource.getRepository(Invoice).find(),
      () => dataSource.getRepository('Invoice').count(),
      () => dataSource.getRepository(Invoice).save({ accountId: '1', cents: 1 }),
      () => dataSource.getRepository(Invoice).createQueryBuilder('i'),
      () => dataSource.manager.insert(Invoice, { accountId: '1', cents: 1 }),
      () => dataSource.manager.update(Invoice, 1, { cents: 1 }),
      () => dataSource.transaction((manager) => manager.findOneBy(Invoice, { id: 1 })),
      () => dataSource.createQueryBuilder().select().from(Invoice, 'i'),
      () => dataSource.createQueryBuilder().update(Invoice),
      () => dataSource.createQueryBuilder().delete().from(Invoice),
      () => dataSource.createQueryBuilder().insert().into(Invoice),
      () => dataSource.shard('us1').getRepository(Invoice).find(),
    ];
    for (const ask of asks) {
      const answer = fleet.onTenant('us1', 't_1', async () => ask());
      await expect(answer).rejects.toMatchObject({
        code: 'WRONG_DOMAIN',
        entity: 'Invoice',
        message: expect.stringContaining('billing') as string,
      });
    }
    expect(dataSource.hasMetadata(Invoice)).toBe(false);
  });

  it('leaves a sharded one unknown to its own data source, which refuses it before any SQL', async () => {
    const connect = vi.spyOn(billing, 'createQueryRunner');
    const ask = fleet.onTenant('us1', 't_1', () => billing.getRepository(Account).find());
    await expect(ask).rejects.toMatchObject({ name: 'EntityMetadataNotFoundError' });
    expect(() => billing.createQueryBuilder(Invoice, 'i').leftJoin(Account, 'a')).toThrow(
      TypeError,
    );
    expect(connect).not.toHaveBeenCalled();
    connect.mockRestore();
  });

  it('is refused by a sharded data source at start-up with WRONG_DOMAIN', async () => {
    await expect(fleet.open({ entities: [...ENTITIES, Invoice] })).rejects.toMatchObject({
      code: 'WRONG_DOMAIN',
      entity: 'Invoice',
    });
  });

  it('cannot be related to a sharded one: refused at start-up, both named', async () => {
    @Sharded({ tenant: 'none' })
    @Entity()
    class Line {
      @PrimaryColumn({ type: 'int' }) id!: number;
      @ManyToOne(() => Invoice) invoice!: Invoice;
    }
    await expect(fleet.open({ entities: [...ENTITIES, Line] })).rejects.toMatchObject({
      code: 'CROSS_DOMAIN_RELATION',
      from: 'Line',
      to: 'Invoice',
    });
  });
});
