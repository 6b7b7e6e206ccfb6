import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShard } from '@switchyard/models';
import { Queue } from 'bullmq';
import type { Connection } from 'mysql2/promise';
import {
  connectTo,
  freshDatabase,
  mysqlServers,
  redisServer,
  type FreshDatabase,
} from '../support/servers/index.ts';
import { House, type DatabaseAddress, type HousePlan } from './house.ts';
import type { HeldJobs, WorkerSettings } from './worker-process.ts';

const SHARDS = ['us1', 'us2', 'us3'];

/**
 * Three shards and a directory on real servers, Redis, and worker processes that a test may kill.
 * Everything ends with `demolish`.
 */
export class Building {
  readonly house: House;
  readonly plan: HousePlan;
  readonly #databases: FreshDatabase[];
  readonly #plain = new Map<string, Connection>();
  readonly #processes: ChildProcess[] = [];
  readonly #held = new Map<ChildProcess, Promise<HeldJobs>>();
  readonly #folder: string;

  private constructor(plan: HousePlan, databases: FreshDatabase[], folder: string) {
    this.plan = plan;
    this.house = new House(plan);
    this.#databases = databases;
    this.#folder = folder;
  }

  /** `tenants` live on the shards in turn: the first on us1, the second on us2 … */
  static async raise(tenants: readonly string[]): Promise<Building> {
    const servers = await mysqlServers(2);
    const redis = await redisServer();
    const databases: FreshDatabase[] = [];
    for (const [i, name] of [...SHARDS, 'core'].entries()) {
      databases.push(await freshDatabase(servers[i % servers.length]!, name));
    }
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-jobs-'));
    const addresses = databases.map(addressOf);
    const plan: HousePlan = {
      engine: servers[0]!.engine,
      shards: SHARDS.map((name, i) => ({ name, ...addresses[i]! })),
      core: addresses.at(-1)!,
      lockFile: join(folder, 'switchyard.lock.json'),
      redis: { host: redis.host, port: redis.port },
      prefix: databases[0]!.name,
    };
    const building = new Building(plan, databases, folder);
    await building.#prepare(tenants);
    return building;
  }

  /** Rows of one statement over a plain connection: no library in between. */
  async rows(shard: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    let connection = this.#plain.get(shard);
    if (connection === undefined) {
      const { server, name } = this.#databases[SHARDS.indexOf(shard)]!;
      connection = await connectTo(server, name);
      this.#plain.set(shard, connection);
    }
    const [rows] = await connection.query(sql, values);
    return rows as Record<string, unknown>[];
  }

  /** Starts a worker process and resolves when it works. */
  async startWorker(settings: WorkerSettings = {}): Promise<ChildProcess> {
    const child = fork(new URL('./worker-process.ts', import.meta.url), [], {
      execArgv: ['--import', 'tsx', '--conditions=source'],
      env: {
        ...process.env,
        HOUSE_PLAN: JSON.stringify(this.plan),
        WORKER: JSON.stringify(settings),
      },
    });
    this.#processes.push(child);
    this.#held.set(child, heldJobs(child)); // listens from the start, so that nothing is missed
    const [message] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit'),
    ])) as unknown[];
    if (message !== 'ready') throw new Error(`the worker process ended: ${String(message)}`);
    return child;
  }

  /** The jobs that a worker with `holdsAfter` holds, once it does. */
  async heldBy(child: ChildProcess): Promise<HeldJobs> {
    return await this.#held.get(child)!;
  }

  /** Resolves when the queue has nothing left to do; answers how many jobs failed for good. */
  async untilIdle(name: string, deadlineMs = 60_000): Promise<number> {
    const queue = new Queue(name, this.house.base as never);
    try {
      for (const end = Date.now() + deadlineMs; Date.now() < end;) {
        const { failed = 0, completed: _, ...open } = await queue.getJobCounts();
        if (Object.values(open).every((count) => count === 0)) return failed;
        await new Promise((resolve) => setTimeout(resolve, 50)); // another process is the clock
      }
      throw new Error(`${name} is not idle: ${JSON.stringify(await queue.getJobCounts())}`);
    } finally {
      await queue.close();
    }
  }

  async demolish(): Promise<void> {
    for (const child of this.#processes) await kill(child);
    const queue = new Queue('work', this.house.base as never);
    await queue.obliterate({ force: true });
    await queue.close();
    await this.house.close();
    for (const connection of this.#plain.values()) connection.destroy();
    for (const database of this.#databases) await database.drop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #prepare(tenants: readonly string[]): Promise<void> {
    const { dataSource, directory, context, lockFile } = this.house;
    const { topology } = context;
    for (const shard of SHARDS) await prepareShard({ topology, shard, lockFile });
    await dataSource.initialize();
    for (const shard of SHARDS) await context.onShard(shard, () => dataSource.synchronize());
    await directory.prepare();
    for (const [i, tenant] of tenants.entries()) {
      await directory.assign(tenant, { shard: SHARDS[i % SHARDS.length]! });
    }
  }
}

/** Ends a process as a crash would: nothing is closed, nothing is finished. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function heldJobs(child: ChildProcess): Promise<HeldJobs> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (message !== 'ready') resolve(message as HeldJobs);
    });
  });
}

function addressOf({ server, name }: FreshDatabase): DatabaseAddress {
  const { host, port, user, password } = server;
  return { host, port, user, password, database: name };
}
