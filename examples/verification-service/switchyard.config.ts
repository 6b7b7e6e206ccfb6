import { defineFleet, serverAt } from '@switchyard/fleet';
import { Account } from './src/entities/account.ts';
import { Document } from './src/entities/document.ts';
import { Inquiry } from './src/entities/inquiry.ts';
import { Template } from './src/entities/template.ts';
import { redis, required } from './src/environment.ts';
import { FirstSchema1790000000000 } from './src/migrations/1790000000000-first-schema.ts';
import { InquiryPriority1790000000001 } from './src/migrations/1790000000001-inquiry-priority.ts';
import { VERIFY } from './src/verify-job.ts';

const database = 'verification';
const server = (region: string, name: string) => ({ region, ...serverAt(required(name)) });

/** Three shards in two regions, each on its own server. Service, worker and CLI share this file. */
export default defineFleet({
  config: import.meta.url,
  fleet: 'verification',
  regions: ['us', 'eu'],
  shards: [
    { name: 'us1', ordinal: 1, database, server: server('us', 'US1_URL') },
    { name: 'us2', ordinal: 2, database, server: server('us', 'US2_URL') },
    { name: 'eu1', ordinal: 3, database, server: server('eu', 'EU1_URL') },
  ],
  // Which tenant a key names and where that tenant lives: on a server of its own.
  directory: {
    server: serverAt(required('CORE_URL')),
    database: 'directory',
    keyHash: { current: { id: 'k1', secret: required('KEY_HASH_SECRET') } },
  },
  entities: [Account, Inquiry, Document, Template],
  migrations: [FirstSchema1790000000000, InquiryPriority1790000000001],
  lockFile: required('SWITCHYARD_LOCK_FILE'),
  jobs: { queues: [VERIFY], connection: redis },
  rollout: { canary: ['us1'] },
});
