import { Sharded } from '@switchyard/models';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  Tree,
  TreeChildren,
  TreeParent,
  ChildEntity,
  TableInheritance,
  type Relation,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './writes.ts';

@Sharded({ tenant: 'none' })
@Entity()
class Org {
  @PrimaryColumn({ type: 'varchar', length: 40 }) id!: string;
  @OneToMany(() => Folder, (folder) => folder.org, { cascade: true }) folders!: Relation<Folder>[];
  @ManyToMany(() => Folder) @JoinTable() shared!: Relation<Folder>[];
}
@Sharded({ tenant: 'orgId', scopeReads: true })
@Entity()
class Folder {
  @PrimaryColumn({ type: 'varchar', length: 20 }) id!: string;
  @Column({ type: 'varchar', length: 40 }) orgId!: string;
  @ManyToOne(() => Org, (org) => org.folders) @JoinColumn({ name: 'orgId' }) org!: Relation<Org>;
  @Column({ type: 'varchar', length: 40, default: '' }) name!: string;
}
@Sharded({ tenant: 'tenantId' })
@Entity()
class Label {
  @PrimaryColumn({ type: 'varchar', length: 20 }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 20, unique: true, update: false }) code!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) name!: string;
  @DeleteDateColumn({ type: 'datetime', nullable: true }) deletedAt!: Date | null;
}
@Sharded({ tenant: 'tenantId' })
@Entity()
class Mail {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 20, nullable: true }) ownerId!: string | null;
  /** The owner is a folder or a label. */
  @ManyToOne(() => Label, { createForeignKeyConstraints: false, nullable: true })
  @JoinColumn({ name: 'ownerId' })
  label!: Relation<Label> | null;
  @ManyToOne(() => Org, { createForeignKeyConstraints: false, nullable: true })
  @JoinColumn({ name: 'ownerId' })
  org!: Relation<Org> | null;
  @ManyToMany(() => Label, { cascade: ['insert', 'update'] })
  @JoinTable({
    name: 'mail_label',
    inverseJoinColumn: { name: 'code', referencedColumnName: 'code' },
  })
  labels!: Relation<Label>[];
  @ManyToOne(() => Label, { lazy: true, nullable: true }) lazyLabel!: Promise<Label | null>;
}
@Sharded({ tenant: 'tenantId' })
@Entity()
@Tree('closure-table')
class Node {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @TreeParent() parent!: Node | null;
  @TreeChildren({ cascade: true }) children!: Node[];
}
@Sharded({ tenant: 'tenantId' })
@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'type' } })
class Pet {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}
@ChildEntity()
class Dog extends Pet {
  @ManyToOne(() => Label, { nullable: true }) label!: Relation<Label> | null;
  @Column({ type: 'varchar', length: 10, nullable: true }) bark!: string | null;
}

const ENTITIES = [Org, Folder, Label, Mail, Node, Pet, Dog];
let fleet: Fleet;
const TABLES = [
  'org_shared_folder',
  'mail_label',
  'mail',
  'folder',
  'org',
  'pet',
  'label',
  'node_closure',
  'node',
];
beforeAll(async () => {
  fleet = await startFleet({ entities: ENTITIES, tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] } });
});
beforeEach(async () => {
  const c = await fleet.plain('us1');
  await c.query('SET FOREIGN_KEY_CHECKS = 0');
  for (const table of TABLES) await c.query(`TRUNCATE \`${table}\``);
  await c.query('SET FOREIGN_KEY_CHECKS = 1');
  await c.query("INSERT INTO org (id) VALUES ('t_1'),('t_2')");
  await c.query("INSERT INTO folder (id, orgId) VALUES ('f1','t_1'),('f2','t_2')");
  await c.query("INSERT INTO org_shared_folder VALUES ('t_1','f1'),('t_1','f2')");
  await c.query(
    "INSERT INTO label (id, tenantId, code) VALUES ('l1','t_1','A'),('l2','t_2','B'),('t_1','t_1','C')",
  );
  await c.query("INSERT INTO mail (id, tenantId, ownerId) VALUES (1,'t_1','l1'),(2,'t_2','l2')");
  await c.query("INSERT INTO node (id, tenantId, parentId) VALUES (1,'t_1',NULL),(2,'t_2',NULL)");
  await c.query('INSERT INTO node_closure VALUES (1,1),(2,2)');
  await c.query("INSERT INTO pet (id, tenantId, type) VALUES (1,'t_1','Dog'),(2,'t_2','Dog')");
});
afterAll(() => fleet?.stop());
const writes = new Writes(() => fleet, TABLES);
const { refused, changesNothing } = writes;
const asT1 = <T>(work: () => T): T => writes.as(work);
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('no row of another tenant is changed, and none of ours given away, by', () => {
  it('a cascade with new and old rows of theirs', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 'f2' }, { id: 'f9' }] }))));
  it('a cascade with a new row of theirs', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 'f9' }] }))));
  it('a cascade that gives a row of ours away', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 'f1' }] }))));
  it('a save of a column that two relations share', () =>
    refused(() => repo(Mail).save({ id: 1, ownerId: 'l2' })));
  it('a new row with a column that two relations share', () =>
    refused(() => repo(Mail).save({ id: 9, ownerId: 'l2' })));
  it('a save of that column by the relation to reference data', () =>
    refused(() => repo(Mail).save(any<Mail>({ id: 1, org: { id: 'l2' } }))));
  it('an update of that column', () =>
    refused(() => repo(Mail).update({ id: 1 }, { ownerId: 'l2' })));
  it('a junction row by a code that is not written', () =>
    refused(() =>
      repo(Mail).save(any<Mail>({ id: 1, labels: [{ id: 'l1', name: 'x', code: 'B' }] })),
    ));
  it('a junction row by the code of an owner that is named only', () =>
    refused(() => repo(Mail).save(any<Mail>({ id: 1, labels: [{ id: 'l1', code: 'B' }] }))));
  it('a save of a lazy relation as a promise', () =>
    refused(() => {
      const m = repo(Mail).create({ id: 1 });
      m.lazyLabel = Promise.resolve(any<Label>({ id: 'l2' }));
      return repo(Mail).save(m);
    }));
  it('a save of a lazy relation as an object, which TypeORM does not write', () =>
    changesNothing(() => repo(Mail).save(any<Mail>({ id: 1, lazyLabel: { id: 'l2' } }))));
  it('an insert of a lazy relation', () =>
    refused(() => repo(Mail).insert(any({ id: 9, lazyLabel: { id: 'l2' } }))));
  it('an update of a lazy relation', () =>
    refused(() => repo(Mail).update({ id: 1 }, any({ lazyLabel: { id: 'l2' } }))));
  it('an update of a lazy relation to a bare id', () =>
    refused(() => repo(Mail).update({ id: 1 }, any({ lazyLabel: 'l2' }))));
  it('an insert into a closure table', () =>
    refused(() =>
      fleet.dataSource
        .createQueryBuilder()
        .insert()
        .into('node_closure')
        .values({ id_ancestor: 2, id_descendant: 1 })
        .execute(),
    ));
  it('a child of theirs in a closure tree', () =>
    refused(() => repo(Node).save(any<Node>({ id: 1, children: [{ id: 2 }] }))));
  it('a parent of theirs in a closure tree', () =>
    refused(() => repo(Node).save(any<Node>({ id: 1, parent: { id: 2 } }))));
  it('the bare id of a parent of theirs in a closure tree', () =>
    refused(() => repo(Node).save(any<Node>({ id: 1, parent: 2 }))));
  it('a relation of a child entity, saved as its parent', () =>
    refused(() => repo(Pet).save(Object.assign(new Dog(), { id: 1, label: { id: 'l2' } }))));
  it('an update of the parent entity', () =>
    changesNothing(() => repo(Pet).update({ id: 2 }, { id: 7 })));
  it('a deletion of a child entity', () => changesNothing(() => repo(Dog).delete({ id: 2 })));
  it('an update of a relation of a child entity', () =>
    refused(() => repo(Dog).update({ id: 1 }, any({ label: { id: 'l2' } }))));
  it('a recovery', () => refused(() => repo(Label).recover(any<Label>({ id: 'l2' }))));
  it('a soft removal by a key in another case', () =>
    changesNothing(() => repo(Label).softRemove(any<Label>({ id: 'L2' }))));
  it('a save without a transaction', () =>
    refused(() =>
      repo(Label).save([any<Label>({ id: 'l2', name: 'x' })], {
        transaction: false,
        chunk: 1,
        data: {},
        listeners: false,
        reload: false,
      }),
    ));
});

describe('a row that became another’s after our snapshot is left alone, by', () => {
  for (const [name, work] of Object.entries({
    remove: (m: typeof fleet.dataSource.manager) =>
      m.remove(Object.assign(new Label(), { id: 'new' })),
    softRemove: (m: typeof fleet.dataSource.manager) =>
      m.softRemove(Object.assign(new Label(), { id: 'new' })),
    recover: (m: typeof fleet.dataSource.manager) =>
      m.recover(Object.assign(new Label(), { id: 'new' })),
  })) {
    it(name, async () => {
      await asT1(() =>
        fleet.dataSource.transaction(async (manager) => {
          await manager.findOneBy(Label, { id: 'l1' });
          await fleet.rows(
            'us1',
            "INSERT INTO label (id, tenantId, code) VALUES ('new','t_2','N')",
          );
          await work(manager);
        }),
      ).catch(() => undefined);
      expect(
        await fleet.rows('us1', "SELECT tenantId, deletedAt FROM label WHERE id='new'"),
      ).toEqual([{ tenantId: 't_2', deletedAt: null }]);
    });
  }
  it('save of a row that became theirs', async () => {
    await asT1(() =>
      fleet.dataSource.transaction(async (manager) => {
        const mine = (await manager.findOneBy(Label, { id: 'l1' }))!;
        await fleet.rows('us1', "DELETE FROM label WHERE id='l1'");
        await fleet.rows('us1', "INSERT INTO label (id, tenantId, code) VALUES ('l1','t_2','N')");
        mine.name = 'taken';
        await manager.save(mine);
      }),
    ).catch(() => undefined);
    expect(await fleet.rows('us1', "SELECT name FROM label WHERE id='l1'")).toEqual([{ name: '' }]);
  });
});
