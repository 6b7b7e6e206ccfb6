import 'reflect-metadata';
import { createSecretKey } from 'node:crypto';
import { Directory } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import { RecordFinder, Sharded, ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type ServerDefinition,
  type ShardDefinition,
} from '@switchyard/shard-context';
import type { Sharding } from '@switchyard/jobs/bullmq';
import { GlobalIdSigner } from '@switchyard/shard-context/gid';
import type { JobSigning } from '@switchyard/jobs';
import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

/** A customer of a tenant. All shards have rows with the same ids. */
@Entity('account')
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 64 })
  tenantId!: string;

  @Column({ type: 'varchar', length: 64, default: '' })
  name!: string;
}

/** What a job did: one row per job, so that a second run would be noticed. */
@Entity('effect')
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
export class Effect {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ name: 'tenant_id', type: 'varchar', length: 64 })
  tenantId!: string;

  @Index({ unique: true })
  @Column({ type: 'varchar', length: 64 })
  job!: string;

  @Column({ name: 'account_id', type: 'bigint' })
  accountId!: string;

  /** Tells accounts of the same id apart, which stand on different shards. */
  @Column({ name: 'account_name', type: 'varchar', length: 64, default: '' })
  accountName!: string;

  /** Process that committed it. */
  @Column({ type: 'int', default: 0 })
  pid!: number;
}

/** The keys with which signed jobs of these tests are signed, in every process. */
export function testSigning(): JobSigning {
  const key = createSecretKey(Buffer.alloc(32, 'a key for tests'));
  return { signer: new GlobalIdSigner({ signing: { id: 'test', key } }) };
}

/** How to reach one database, as plain JSON. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** A fleet as plain JSON, so that a test can hand it to processes of its own. */
export interface HousePlan {
  readonly engine: ServerDefinition['engine'];
  readonly shards: readonly (DatabaseAddress & { readonly name: string })[];
  readonly core: DatabaseAddress;
  readonly lockFile: string;
  readonly redis: { readonly host: string; readonly port: number };
  readonly prefix: string;
}

/** The library over real servers, as a service and its workers would put it together. */
export class House {
  readonly context: ShardContext;
  readonly lockFile: LockFile;
  readonly dataSource: ShardedDataSource;
  readonly shardTenants: ShardTenantTable;
  readonly directory: Directory;
  readonly sharding: Sharding;
  readonly base: { connection: object; prefix: string };

  constructor({ engine, shards, core, lockFile, redis, prefix }: HousePlan) {
    const topology = defineTopology({
      fleet: 'jobs',
      regions: ['us'],
      servers: shards.map((shard): ServerDefinition => ({
        name: `server-${shard.name}`,
        region: 'us',
        engine,
        writer: { host: shard.host, port: shard.port },
        credentials: () => ({ user: shard.user, password: shard.password }),
      })),
      shards: shards.map(({ name, database }, i): ShardDefinition => ({
        name,
        ordinal: i + 1,
        server: `server-${name}`,
        database,
      })),
    });
    this.context = new ShardContext(topology);
    this.lockFile = new LockFile(lockFile, topology.fleet);
    const entities = [Account, Effect];
    this.dataSource = new ShardedDataSource({ topology, lockFile: this.lockFile, entities });
    this.shardTenants = new ShardTenantTable({ topology, lockFile: this.lockFile });
    this.directory = new Directory({
      store: new MySqlStore({
        server: { writer: { host: core.host, port: core.port }, credentials: () => core },
        database: core.database,
      }),
      topology,
      keyHash: { current: { id: 'k1', secret: 'a secret of at least thirty-two bytes' } },
      shardTenants: this.shardTenants,
    });
    const records = new RecordFinder(this.dataSource, this.directory);
    const { context, directory } = this;
    this.sharding = { context, locator: directory, records, retryAfterMs: 50 };
    this.base = { connection: { ...redis, maxRetriesPerRequest: null }, prefix };
  }

  /** Runs `fn` in the context of a tenant. */
  async for<T>(tenant: string, fn: () => T): Promise<Awaited<T>> {
    const placement = await this.directory.locateTenant(tenant);
    return await this.context.onPlacement(placement, fn);
  }

  async close(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.directory.close();
  }
}
