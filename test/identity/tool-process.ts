import { prepareShard } from '@switchyard/models';
import { identifyShard } from '@switchyard/mysql';
import {
  defineTopology,
  LockFile,
  type ServerDefinition,
  type ShardDefinition,
} from '@switchyard/shard-context';

// A process that prepares or identifies one shard, for tests that kill it.

/** What the process is told at its start. */
export interface ToolStart {
  readonly work: 'prepare' | 'identify';
  readonly shard: string;
  readonly lockFile: string;
  readonly servers: readonly Omit<ServerDefinition, 'credentials'>[];
  readonly shards: readonly ShardDefinition[];
  readonly login: { readonly user: string; readonly password: string };
}

const { work, shard, login, ...start } = JSON.parse(process.argv[2]!) as ToolStart;
const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: start.servers.map((server) => ({ ...server, credentials: () => login })),
  shards: start.shards,
});
const lockFile = new LockFile(start.lockFile, 'test');
if (work === 'identify') await identifyShard({ topology, shard, lockFile });
else await prepareShard({ topology, shard, lockFile, createDatabase: true });
