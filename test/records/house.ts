import 'reflect-metadata';
import { Sharded } from '@switchyard/models';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  Unique,
  VersionColumn,
} from 'typeorm';
import { startFleet, type Fleet, type FleetOptions } from '../support/fleet/index.ts';

/** A row that names its tenant itself. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
@Unique(['email'])
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
  @Column({ type: 'varchar', length: 80, nullable: true }) email!: string | null;
  @VersionColumn({ type: 'int' }) version!: number;
  @DeleteDateColumn({ type: 'datetime', nullable: true }) deletedAt!: Date | null;
  @OneToMany(() => Inquiry, (inquiry) => inquiry.account) inquiries!: Inquiry[];
}

@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
export class Inquiry {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) title!: string;
  @ManyToOne(() => Account, { nullable: true, eager: false }) account!: Account | null;
  @OneToMany(() => Check, (check) => check.inquiry, { cascade: true }) checks!: Check[];
  @ManyToMany(() => Tag, { cascade: true }) @JoinTable() tags!: Tag[];
  @ManyToOne(() => Account, { nullable: true, lazy: true }) reviewer!: Promise<Account | null>;
}

/** A row that belongs to whom its inquiry belongs. */
@Sharded({ tenant: { through: 'inquiry' }, ids: 'interleaved' })
@Entity()
export class Check {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 80 }) kind!: string;
  @Column({ type: 'varchar', length: 80, unique: true, nullable: true }) reference!: string | null;
  @ManyToOne(() => Inquiry, (inquiry) => inquiry.checks, { nullable: true }) inquiry!: Inquiry;
}

@Sharded({ tenant: 'tenantId', ids: 'uuid' })
@Entity()
export class Tag {
  @PrimaryColumn({ type: 'char', length: 36 }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) label!: string;
}

/** Reference data: the same rows on each shard, and no one's. */
@Sharded({ tenant: 'none' })
@Entity()
export class Country {
  @PrimaryColumn({ type: 'char', length: 2 }) code!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
}

@Sharded({ tenant: 'tenantId', ids: 'shardLocal' })
@Entity()
export class Counter {
  @PrimaryGeneratedColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'int' }) value!: number;
}

export const ENTITIES = [Account, Inquiry, Check, Tag, Country, Counter];

/**
 * Two shards whose rows have the same ids: tenants t_1 and t_2 on us1, t_3 on us2. Row 1 of each
 * table belongs to t_1 (us1) or t_3 (us2), row 2 to t_2 (us1).
 */
export async function startHouse(options: FleetOptions = {}): Promise<Fleet> {
  return startFleet({
    entities: ENTITIES,
    tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] },
    ...options,
  });
}

const TABLES = ['inquiry_tags_tag', 'check', 'inquiry', 'account', 'tag', 'country', 'counter'];

/** Puts every table back to the rows that {@link startHouse} promises. */
export async function refill(fleet: Fleet): Promise<void> {
  for (const shard of ['us1', 'us2']) {
    const connection = await fleet.plain(shard);
    await connection.query('SET FOREIGN_KEY_CHECKS = 0');
    for (const table of TABLES) await connection.query(`TRUNCATE \`${table}\``);
    await connection.query('SET FOREIGN_KEY_CHECKS = 1');
    await connection.query("INSERT INTO country VALUES ('fr', ?)", [`France of ${shard}`]);
    for (const [id, tenant] of rowsOf(shard)) await insertRows(fleet, shard, id, tenant);
  }
}

function rowsOf(shard: string): [number, string][] {
  return shard === 'us1'
    ? [
        [1, 't_1'],
        [2, 't_2'],
      ]
    : [[1, 't_3']];
}

async function insertRows(fleet: Fleet, shard: string, id: number, tenant: string): Promise<void> {
  const at = `${shard} ${tenant}`;
  await fleet.rows(
    shard,
    'INSERT INTO account (id, tenantId, name, email, version) VALUES (?, ?, ?, ?, 1)',
    [id, tenant, `account of ${at}`, `${tenant}@example.org`],
  );
  await fleet.rows(
    shard,
    'INSERT INTO inquiry (id, tenantId, title, accountId, reviewerId) VALUES (?, ?, ?, ?, ?)',
    [id, tenant, `inquiry of ${at}`, id, id],
  );
  await fleet.rows(
    shard,
    'INSERT INTO `check` (id, kind, reference, inquiryId) VALUES (?, ?, ?, ?)',
    [id, `check of ${at}`, `ref-${tenant}`, id],
  );
  await fleet.rows(shard, 'INSERT INTO tag VALUES (?, ?, ?)', [uuidOf(id), tenant, `tag of ${at}`]);
  await fleet.rows(shard, 'INSERT INTO inquiry_tags_tag VALUES (?, ?)', [id, uuidOf(id)]);
  await fleet.rows(shard, 'INSERT INTO counter VALUES (?, ?, 0)', [id, tenant]);
}

/** The id of the tag with that number. */
export function uuidOf(id: number): string {
  return `00000000-0000-7000-8000-${String(id).padStart(12, '0')}`;
}

/** Every row of every table, as plain SQL sees them: what must not change when a write is refused. */
export async function contents(fleet: Fleet): Promise<unknown> {
  const all: Record<string, unknown> = {};
  for (const shard of ['us1', 'us2']) {
    for (const table of TABLES) {
      all[`${shard}.${table}`] = await fleet.rows(
        shard,
        `SELECT * FROM \`${table}\` ORDER BY 1, 2`,
      );
    }
  }
  return all;
}
