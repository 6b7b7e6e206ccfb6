import { ShardedDataSource } from '@switchyard/models';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type ServerDefinition,
  type ShardDefinition,
} from '@switchyard/shard-context';
import { Note } from './note.ts';

// A small service over two shards, started as services are: from a minified bundle, or under an
// instrumentation. It writes and reads for one tenant on each shard, and prints what it read.

/** What the process is told at its start. */
export interface ServiceStart {
  readonly servers: readonly Omit<ServerDefinition, 'credentials'>[];
  readonly user: string;
  readonly password: string;
  readonly shards: readonly ShardDefinition[];
  readonly lockFile: string;
}

const start = JSON.parse(process.argv[2]!) as ServiceStart;
const { user, password } = start;
const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: start.servers.map((server) => ({ ...server, credentials: () => ({ user, password }) })),
  shards: start.shards,
});
const lockFile = new LockFile(start.lockFile, 'test');
const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Note] });
const context = new ShardContext(topology);
const notes = dataSource.getRepository(Note);

async function serve(): Promise<void> {
  const read: unknown[] = [];
  await dataSource.initialize();
  for (const [shard, tenant] of [
    ['us1', 't_1'],
    ['us2', 't_2'],
  ] as const) {
    await context.onPlacement({ shard, tenant, epoch: 1 }, async () => {
      await notes.save(notes.create({ id: 7, text: `first of ${tenant}` }));
      await notes.update({ id: 7 }, { text: `second of ${tenant}` });
      read.push(await notes.createQueryBuilder('n').getMany());
    });
  }
  await dataSource.destroy();
  process.stdout.write(`${JSON.stringify(read)}\n`);
}

// No `await` here, which a bundle in CommonJS cannot have; a failure ends the process by itself.
void serve();
