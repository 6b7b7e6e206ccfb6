import 'reflect-metadata';
import type { SwitchyardConfig } from '@switchyard/cli';
import { Directory, Router } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import { RecordFinder, ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import { Account } from './src/entities/account.ts';
import { Document } from './src/entities/document.ts';
import { Inquiry } from './src/entities/inquiry.ts';
import { Template } from './src/entities/template.ts';
import { credentials, endpoint, engine, required } from './src/environment.ts';
import { FirstSchema1790000000000 } from './src/migrations/1790000000000-first-schema.ts';
import { InquiryPriority1790000000001 } from './src/migrations/1790000000001-inquiry-priority.ts';

const database = 'verification';

/** Three shards in two regions, each on its own server. Service, worker and CLI share this file. */
export const topology = defineTopology({
  fleet: 'verification',
  regions: ['us', 'eu'],
  servers: [
    { name: 'us-a', region: 'us', engine, writer: endpoint('US1'), credentials },
    { name: 'us-b', region: 'us', engine, writer: endpoint('US2'), credentials },
    { name: 'eu-a', region: 'eu', engine, writer: endpoint('EU1'), credentials },
  ],
  shards: [
    { name: 'us1', ordinal: 1, server: 'us-a', database },
    { name: 'us2', ordinal: 2, server: 'us-b', database },
    { name: 'eu1', ordinal: 3, server: 'eu-a', database },
  ],
});

export const context = new ShardContext(topology);
const lockFile = new LockFile(required('SWITCHYARD_LOCK_FILE'), topology.fleet);
const entities = [Account, Inquiry, Document, Template];

/** A TypeORM DataSource that follows the context. */
export const dataSource = new ShardedDataSource({ topology, lockFile, entities });

/** Which tenant a key names and where that tenant lives; kept on a server of its own. */
export const directory = new Directory({
  store: new MySqlStore({
    server: { writer: endpoint('CORE'), credentials },
    database: 'directory',
  }),
  topology,
  keyHash: { current: { id: 'k1', secret: required('KEY_HASH_SECRET') } },
  shardTenants: new ShardTenantTable({ topology, lockFile }),
});

export const router = new Router({ directory, context });
const records = new RecordFinder(dataSource, directory);

/** What queues and workers need to keep each job at its place. */
export const sharding = { locator: directory, context, records };

export default {
  topology,
  lockFile,
  entities,
  migrations: [FirstSchema1790000000000, InquiryPriority1790000000001],
  directory,
  rollout: { canary: ['us1'] },
} satisfies SwitchyardConfig;
