import { Sharded } from '@switchyard/models';
import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './writes.ts';

class Owner {
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) note!: string;
}
@Sharded({ tenant: 'owner.tenantId' })
@Entity()
class Box {
  @PrimaryColumn({ type: 'varchar', length: 20 }) id!: string;
  @Column(() => Owner, { prefix: false }) owner!: Owner;
  @OneToMany(() => Item, (item) => item.box, {
    cascade: true,
    orphanedRowAction: 'delete',
  } as never)
  items!: Relation<Item>[];
}
@Sharded({ tenant: { through: 'box' } })
@Entity()
class Item {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20, default: '' }) name!: string;
  @ManyToOne(() => Box, (box) => box.items, {
    nullable: true,
    orphanedRowAction: 'delete',
    cascade: ['insert'],
  })
  box!: Relation<Box> | null;
}
/** Both keys of its relations have the tenant in them. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Acc {
  @PrimaryColumn({ type: 'varchar', length: 40 }) tenantId!: string;
  @PrimaryColumn({ type: 'int' }) no!: number;
  @Column({ type: 'varchar', length: 20, default: '' }) name!: string;
}
@Sharded({ tenant: 'tenantId' })
@Entity()
class Bill {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'int', nullable: true }) payerNo!: number | null;
  @Column({ type: 'int', nullable: true }) readerNo!: number | null;
  @ManyToOne(() => Acc, { nullable: true })
  @JoinColumn([
    { name: 'tenantId', referencedColumnName: 'tenantId' },
    { name: 'payerNo', referencedColumnName: 'no' },
  ])
  payer!: Relation<Acc> | null;
  @ManyToOne(() => Acc, { nullable: true })
  @JoinColumn([
    { name: 'tenantId', referencedColumnName: 'tenantId' },
    { name: 'readerNo', referencedColumnName: 'no' },
  ])
  reader!: Relation<Acc> | null;
}
const TABLES = ['item', 'box', 'bill', 'acc'];
let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Box, Item, Acc, Bill],
    tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] },
  });
});
beforeEach(async () => {
  const c = await fleet.plain('us1');
  await c.query('SET FOREIGN_KEY_CHECKS = 0');
  for (const table of TABLES) await c.query(`TRUNCATE \`${table}\``);
  await c.query('SET FOREIGN_KEY_CHECKS = 1');
  await c.query("INSERT INTO box (id, tenantId) VALUES ('b1','t_1'),('b2','t_2')");
  await c.query("INSERT INTO item (id, boxId) VALUES (1,'b1'),(2,'b2')");
  await c.query("INSERT INTO acc (tenantId, no) VALUES ('t_1',1),('t_1',3),('t_2',2)");
  await c.query("INSERT INTO bill VALUES (1,'t_1',1,NULL),(2,'t_2',2,NULL)");
});
afterAll(() => fleet?.stop());
const writes = new Writes(() => fleet, TABLES);
const { refused, uncheckable } = writes;
const asT1 = <T>(work: () => T): T => writes.as(work);
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('no row of another tenant is changed, and none of ours given away, by', () => {
  it('saving another tenant in an embedded column', () =>
    refused(() => repo(Box).save(any<Box>({ id: 'b1', owner: { tenantId: 't_2' } }))));
  it('updating an embedded tenant column', () =>
    refused(() => repo(Box).update({ id: 'b1' }, any({ owner: { tenantId: 't_2' } }))));
  it('updating an embedded tenant column by its path', () =>
    refused(() => repo(Box).update({ id: 'b1' }, any({ 'owner.tenantId': 't_2' }))));
  it('inserting another tenant in an embedded column', () =>
    refused(() => repo(Box).insert(any({ id: 'b9', owner: { tenantId: 't_2' } }))));
  it('saving another column of an embedded object of theirs', () =>
    refused(() => repo(Box).save(any<Box>({ id: 'b2', owner: { note: 'x' } }))));
  it('updating an embedded tenant column to an SQL expression', () =>
    uncheckable(() => repo(Box).update({ id: 'b1' }, any({ owner: { tenantId: () => "'t_2'" } }))));
  it('upserting a row of theirs', () =>
    refused(() => repo(Box).upsert(any({ id: 'b2', owner: { note: 'x' } }), ['id'])));
  it('saving an owner of theirs without its rows', () =>
    refused(() => repo(Box).save(any<Box>({ id: 'b2', items: [] }))));
  it('saving an owner of ours with a row of theirs', () =>
    refused(() => repo(Box).save(any<Box>({ id: 'b1', items: [{ id: 1 }, { id: 2 }] }))));
  it('saving an owner of ours with a changed row of theirs', () =>
    refused(() =>
      repo(Box).save(any<Box>({ id: 'b1', items: [{ id: 1 }, { id: 2, name: 'x' }] })),
    ));
  it('updating a relation by its path', () =>
    refused(() => repo(Item).update({ id: 1 }, any({ 'box.id': 'b2' }))));
  it('updating a relation to an SQL expression', () =>
    uncheckable(() => repo(Item).update({ id: 1 }, any({ box: { id: () => "'b2'" } }))));
  it('a subscriber that changes the owner', async () => {
    const s = {
      listenTo: () => Item,
      beforeUpdate: ({ entity }: { entity?: Item }) => {
        if (entity) entity.box = any<Box>({ id: 'b2' });
      },
    };
    fleet.dataSource.subscribers.push(s as never);
    try {
      await refused(() => repo(Item).save({ id: 1, name: 'y' }));
    } finally {
      fleet.dataSource.subscribers.pop();
    }
  });
  it('saving a reference to theirs that shares the tenant column', () =>
    refused(() => repo(Bill).save(any<Bill>({ id: 1, reader: { tenantId: 't_2', no: 2 } }))));
  it('updating a reference to theirs that shares the tenant column', () =>
    refused(() => repo(Bill).update({ id: 1 }, any({ reader: { tenantId: 't_2', no: 2 } }))));
  it('updating the other half of a reference that shares the tenant column', () =>
    refused(() => repo(Bill).update({ id: 1 }, { readerNo: 2 })));
});
describe('an owner that became another’s after our snapshot', () => {
  it('gets no child of ours', async () => {
    const saving = asT1(() =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.findOneBy(Item, { id: 1 });
        await fleet.rows('us1', 'DELETE FROM item WHERE id = 1');
        await fleet.rows('us1', "DELETE FROM box WHERE id = 'b1'");
        await fleet.rows('us1', "INSERT INTO box (id, tenantId) VALUES ('b1', 't_2')");
        await manager.save(Item, any<Item>({ id: 9, box: { id: 'b1' } }));
      }),
    );
    await expect(saving).rejects.toThrow();
    expect(await fleet.rows('us1', 'SELECT id FROM item WHERE id = 9')).toEqual([]);
  });
});

describe('rows of ours are written', () => {
  it('where two owners share a column of the key', async () => {
    await asT1(async () => {
      await repo(Bill).update({ id: 1 }, { readerNo: 3 });
      await repo(Bill).update({ id: 1 }, { tenantId: 't_1', payerNo: 3 });
      await repo(Bill).update({ id: 1 }, any({ reader: { tenantId: 't_1', no: 1 } }));
      await repo(Bill).save({ id: 1, payerNo: 1 });
      await repo(Bill).save({ id: 1, readerNo: null });
      await repo(Bill).update({ id: 1 }, { payerNo: null });
      await repo(Bill).save(
        any<Bill>({ id: 1, payer: { tenantId: 't_1', no: 3 }, reader: { tenantId: 't_1', no: 1 } }),
      );
      await repo(Bill).save(any<Bill>({ id: 7, payer: { tenantId: 't_1', no: 3 } }));
      await repo(Bill).save(any<Bill>({ id: 8, payerNo: 3 }));
    });
    expect(await fleet.rows('us1', "SELECT * FROM bill WHERE tenantId='t_1' ORDER BY id")).toEqual([
      { id: 1, tenantId: 't_1', payerNo: 3, readerNo: 1 },
      { id: 7, tenantId: 't_1', payerNo: 3, readerNo: null },
      { id: 8, tenantId: 't_1', payerNo: 3, readerNo: null },
    ]);
  });
  it('with new owners, and moved from one to another', async () => {
    await asT1(async () => {
      await repo(Box).save(
        any<Box>({ id: 'b3', owner: { note: 'n' }, items: [{ id: 3 }, { id: 4 }] }),
      );
      await repo(Item).save(any<Item>({ id: 3, box: { id: 'b1' } }));
      await repo(Box).save(any<Box>({ id: 'b3', items: [] }));
      await repo(Item).save(any<Item>({ id: 5, box: { id: 'b5', owner: { note: '' } } }));
      const all = await repo(Item).find({ relations: { box: true }, where: { id: 5 } });
      await repo(Item).remove(all);
    });
    expect(await fleet.rows('us1', 'SELECT id, boxId FROM item ORDER BY id')).toEqual([
      { id: 1, boxId: 'b1' },
      { id: 2, boxId: 'b2' },
      { id: 3, boxId: 'b1' },
    ]);
  });
});
