import { Sharded } from '@switchyard/models';
import {
  Column,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  Tree,
  TreeChildren,
  TreeParent,
  type Relation,
} from 'typeorm';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** The tenant itself, as reference data. */
@Sharded({ tenant: 'none' })
@Entity()
export class Org {
  @PrimaryColumn({ type: 'varchar', length: 40 }) id!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) name!: string;
  @OneToMany(() => Folder, (folder) => folder.org) folders!: Relation<Folder>[];
  @ManyToMany(() => Folder) @JoinTable() shared!: Relation<Folder>[];
}

/** Its tenant column is a relation's join column too. */
@Sharded({ tenant: 'orgId' })
@Entity()
export class Folder {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) orgId!: string;
  @ManyToOne(() => Org, (org) => org.folders) @JoinColumn({ name: 'orgId' }) org!: Relation<Org>;
  @Column({ type: 'varchar', length: 20, unique: true, update: false }) code!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) name!: string;
  @OneToMany(() => Paper, (p) => p.folder, { cascade: true }) papers!: Relation<Paper>[];
}

@Sharded({ tenant: { through: 'folder' } })
@Entity()
export class Doc {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'int', nullable: true }) folderId!: number | null;
  @ManyToOne(() => Folder, { nullable: true })
  @JoinColumn({ name: 'folderId' })
  folder!: Relation<Folder> | null;
}

/** Its owner is named by a unique column that is no key, and may not be updated. */
@Sharded({ tenant: { through: 'folder' } })
@Entity()
export class Paper {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @ManyToOne(() => Folder, (f) => f.papers, { cascade: ['insert', 'update'] })
  @JoinColumn({ name: 'folderCode', referencedColumnName: 'code' })
  folder!: Relation<Folder>;
}

/** Owned by a composite key. */
@Sharded({ tenant: 'tenantId' })
@Entity()
export class Room {
  @PrimaryColumn({ type: 'varchar', length: 10 }) house!: string;
  @PrimaryColumn({ type: 'int' }) no!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}
@Sharded({ tenant: { through: 'room' } })
@Entity()
export class Chair {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 10 }) house!: string;
  @Column({ type: 'int', nullable: true }) roomNo!: number;
  @Column({ type: 'int', nullable: true }) lampNo!: number;
  @ManyToOne(() => Room)
  @JoinColumn([
    { name: 'house', referencedColumnName: 'house' },
    { name: 'roomNo', referencedColumnName: 'no' },
  ])
  room!: Relation<Room>;
  @ManyToOne(() => Lamp)
  @JoinColumn([
    { name: 'house', referencedColumnName: 'house' },
    { name: 'lampNo', referencedColumnName: 'no' },
  ])
  lamp!: Relation<Lamp> | null;
}
@Sharded({ tenant: 'none' })
@Entity()
export class Lamp {
  @PrimaryColumn({ type: 'varchar', length: 10 }) house!: string;
  @PrimaryColumn({ type: 'int' }) no!: number;
}

/** '5', '05' and '5.0' are different keys, and all of them are the number 5. */
@Sharded({ tenant: 'tenantId' })
@Entity()
export class Order {
  @PrimaryColumn({ type: 'varchar', length: 20 }) no!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) text!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
@Tree('materialized-path')
export class Page {
  @PrimaryColumn({ type: 'varchar', length: 20 }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @TreeParent() parent!: Page | null;
  @TreeChildren() children!: Page[];
}

/** One to one, from the other side. */
@Sharded({ tenant: 'tenantId' })
@Entity()
export class Head {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @OneToOne(() => Hat, (hat) => hat.head, { cascade: true }) hat!: Relation<Hat> | null;
}
@Sharded({ tenant: 'tenantId' })
@Entity()
export class Hat {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40, nullable: true }) tenantId!: string | null;
  @OneToOne(() => Head, (h) => h.hat, { nullable: true })
  @JoinColumn()
  head!: Relation<Head> | null;
}

const ENTITIES = [Org, Folder, Doc, Paper, Room, Lamp, Chair, Order, Page, Head, Hat];
export const TABLES = [
  'org_shared_folder',
  'doc',
  'paper',
  'folder',
  'org',
  'chair',
  'room',
  'lamp',
  'order',
  'page',
  'hat',
  'head',
];

/** A fleet of entities whose owners are named in every way that TypeORM knows. */
export function startRooms(): Promise<Fleet> {
  return startFleet({ entities: ENTITIES, tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] } });
}

/** Rows of t_1 and of t_2, as each test finds them. */
export async function refillRooms(fleet: Fleet): Promise<void> {
  const c = await fleet.plain('us1');
  await c.query('SET FOREIGN_KEY_CHECKS = 0');
  for (const table of TABLES) await c.query(`TRUNCATE \`${table}\``);
  await c.query('SET FOREIGN_KEY_CHECKS = 1');
  await c.query("INSERT INTO org (id, name) VALUES ('t_1','one'),('t_2','two')");
  await c.query(
    "INSERT INTO folder (id, orgId, code, name) VALUES (1,'t_1','A','mine'),(2,'t_2','B','theirs')",
  );
  await c.query('INSERT INTO doc (id, folderId) VALUES (1,1),(2,2)');
  await c.query("INSERT INTO paper (id, folderCode) VALUES (1,'A'),(2,'B')");
  await c.query(
    "INSERT INTO room (house, no, tenantId) VALUES ('x',1,'t_1'),('x',2,'t_2'),('y',1,'t_2')",
  );
  await c.query("INSERT INTO lamp (house, no) VALUES ('x',1),('y',1)");
  await c.query(
    "INSERT INTO chair (id, house, roomNo, lampNo) VALUES (1,'x',1,1),(2,'x',2,NULL),(3,'x',1,NULL)",
  );
  await c.query(
    "INSERT INTO `order` (no, tenantId, text) VALUES ('5','t_1','mine'),('05','t_2','theirs')",
  );
  await c.query(
    "INSERT INTO page (id, tenantId, mpath, parentId) VALUES ('a_c','t_1','a_c.',NULL),('top','t_1','top.',NULL),('abc','t_2','abc.',NULL),('k','t_2','abc.k.','abc'),('p','t_1','p.',NULL),('p.q','t_2','p.q.',NULL)",
  );
  await c.query("INSERT INTO head (id, tenantId) VALUES (1,'t_1'),(2,'t_2')");
  await c.query("INSERT INTO hat (id, tenantId, headId) VALUES (1,'t_1',1),(2,'t_2',2)");
}
