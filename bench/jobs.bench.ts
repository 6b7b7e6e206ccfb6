import { createSecretKey, randomBytes } from 'node:crypto';
import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import {
  defineTopology,
  ShardContext,
  type LocatedRecord,
  type Placement,
  type RecordLocator,
  type RecordReference,
} from '@switchyard/shard-context';
import { ShardedQueue, ShardedWorker, type Sharding } from '@switchyard/jobs/bullmq';
import { GlobalIdSigner } from '@switchyard/shard-context/gid';
import { Queue, Worker } from 'bullmq';
import { redisServer } from '../test/support/servers/index.ts';
import { compare, type Variant } from './harness.ts';
import { report } from './report.ts';

// What a job's context costs: from add to processed, 16 at once, with a record in the payload, its
// place asked of the directory's cache and entered; beside bare BullMQ whose payload says by hand
// which record and where, and whose handler loads it. Records are made up, because a query costs
// what it costs with and without us. Goals: 1.15, signed 1.25.

const CONCURRENCY = 16;
const TENANTS = 64;
const SHARDS = ['us1', 'us2', 'us3'];

const { host, port } = await redisServer();
const connection = { host, port, maxRetriesPerRequest: null };
const base = { connection, prefix: `bench-${process.pid}` };

const topology = defineTopology({
  fleet: 'bench',
  regions: ['us'],
  servers: [
    {
      name: 's',
      region: 'us',
      engine: 'mariadb',
      writer: { host: 'localhost' },
      credentials: () => ({ user: 'u', password: 'p' }),
    },
  ],
  shards: SHARDS.map((name, i) => ({ name, ordinal: i + 1, server: 's', database: name })),
});
const context = new ShardContext(topology);
const directory = new Directory({
  store: new MemoryStore(),
  topology,
  keyHash: { current: { id: 'k1', secret: randomBytes(32).toString('hex') } },
});
const placements: Placement[] = [];
for (let i = 0; i < TENANTS; i++) {
  placements.push(await directory.assign(`t_${i}`, { shard: SHARDS[i % SHARDS.length]! }));
}

/** Tells who waits for a job that it was processed. */
class Arrivals {
  readonly #waiting = new Map<number, () => void>();

  until(n: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(n, resolve));
  }

  done(n: number): void {
    this.#waiting.get(n)?.();
    this.#waiting.delete(n);
  }
}

class Account {
  readonly id: string;
  readonly placement: Placement;

  constructor(id: string, placement: Placement) {
    this.id = id;
    this.placement = placement;
  }
}

/** Knows its records without a database. */
const records: RecordLocator = {
  isRecord: (value): value is object => value instanceof Account,
  referenceOf: (record) => {
    const { id, placement } = record as Account;
    const { shard, tenant, epoch } = placement;
    return { model: 'Account', id: [id], shard, tenant, epoch };
  },
  locateMany: (references) => Promise.resolve(references.map(found)),
};

function found({ id, tenant = '' }: RecordReference): LocatedRecord {
  const record = new Account(id[0] ?? '', placements[Number(tenant.slice(2))]!);
  return { outcome: 'found', record };
}

/** What a handler without us does by hand: its record is loaded as well, and is as little real. */
function loaded({ account, tenant }: Named): Promise<Account> {
  return Promise.resolve(new Account(account, placements[Number(tenant.slice(2))]!));
}

/** What a payload without us has to say: which record, and where it was last seen. */
interface Named extends Pick<Placement, 'shard' | 'tenant' | 'epoch'> {
  readonly account: string;
}

const signing = {
  signer: new GlobalIdSigner({ signing: { id: 'k', key: createSecretKey(randomBytes(32)) } }),
};
const at = (i: number) => placements[i % TENANTS]!;
const sharding: Sharding = { context, locator: directory, records };
const bare = bareVariant();

for (const [row, settings] of Object.entries({ roundtrip: {}, 'roundtrip-signed': { signing } })) {
  const ours = shardedVariant(queueName(row), { ...sharding, ...settings });
  report(await compare('jobs', { row, ours, peer: bare, concurrency: CONCURRENCY }));
}
process.exit(0); // workers wait in Redis; there is nothing to save

/** All of one length: a queue's name goes to Redis with each of its keys, some 25 times a job. */
function queueName(row: string): string {
  return row.padEnd('roundtrip-signed'.length, '-');
}

function bareVariant(): Variant {
  const arrivals = new Arrivals();
  const name = queueName('bare');
  const queue = new Queue(name, base);
  new Worker(
    name,
    async ({ data }: { data: Named & { n: number } }) => {
      const account = await loaded(data);
      if (account.placement.shard !== data.shard) throw new TypeError('on another shard');
      arrivals.done(data.n);
    },
    { ...base, concurrency: CONCURRENCY },
  );
  return {
    run: async (n) => {
      const arrived = arrivals.until(n);
      const { shard, tenant, epoch } = at(n);
      const data = { account: String(1e9 + n), shard, tenant, epoch, n };
      await queue.add('job', data, { removeOnComplete: true });
      await arrived;
    },
  };
}

function shardedVariant(name: string, settings: Sharding): Variant {
  const arrivals = new Arrivals();
  const queue = new ShardedQueue(name, { ...base, sharding: settings });
  new ShardedWorker<{ account: Account; n: number }>(
    name,
    ({ data: { account, n } }) => {
      if (!(account instanceof Account)) throw new TypeError('the record was not located');
      arrivals.done(n);
    },
    { ...base, concurrency: CONCURRENCY, sharding: settings },
  );
  return {
    run: async (n) => {
      const arrived = arrivals.until(n);
      const account = new Account(String(1e9 + n), at(n));
      // Outside a context the record says where: what entering costs is another bench's subject.
      await queue.add('job', { account, n }, { removeOnComplete: true });
      await arrived;
    },
  };
}
