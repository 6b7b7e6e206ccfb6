import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Directory } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import { ShardTenantTable } from '@switchyard/models';
import { startFleet, type Fleet } from '../fleet/index.ts';
import { mysqlServers, startTcpProxy, type TcpProxy } from '../servers/index.ts';
import { Entry, TENANT } from './entry.ts';
import { topologyOf, type ServerSpec, type StageSpec } from './stage.ts';

/** What the audit of a run found. */
export interface Audit {
  readonly acknowledged: number;
  readonly unknown: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Acknowledged rows that are nowhere, and counters that count less than was acknowledged. */
  readonly lost: readonly string[];
  /** Rows that are on both shards. */
  readonly twice: readonly string[];
  /** Rows that no writer can have written, and counters that are too high. */
  readonly invented: readonly string[];
  /** Rows that are on another shard than the directory names. */
  readonly misplaced: number;
}

/** How a mover is run. */
export interface MoverOptions {
  /** How many moves, to and fro. Default 1. */
  readonly times?: number;
  readonly action?: 'move' | 'thaw';
  /** The step of the last move before which it kills itself. */
  readonly dieAt?: string;
  /** How long its freezes hold, and its lease. Default 30,000 ms. */
  readonly holdMs?: number;
}

/** Two shards, a directory, and processes that write for a tenant while it moves. */
export class MovingFleet {
  readonly fleet: Fleet;
  /** In front of the server of us2, for the writers only. */
  readonly proxy: TcpProxy;
  readonly #directory: Directory;
  readonly #shardTenants: ShardTenantTable;
  readonly #moverSpec: StageSpec;
  readonly #writerSpec: StageSpec;
  readonly #log: string;
  readonly #store: MySqlStore;
  #writers: ChildProcess[] = [];
  #stopped: ChildProcess | undefined;

  private constructor(parts: {
    fleet: Fleet;
    proxy: TcpProxy;
    specs: { mover: StageSpec; writer: StageSpec };
    store: MySqlStore;
  }) {
    this.fleet = parts.fleet;
    this.proxy = parts.proxy;
    this.#moverSpec = parts.specs.mover;
    this.#writerSpec = parts.specs.writer;
    this.#store = parts.store;
    this.#log = `${parts.specs.mover.lockFile}.log`;
    const topology = topologyOf(parts.specs.mover);
    this.#shardTenants = new ShardTenantTable({ topology, lockFile: this.fleet.lockFile });
    this.#directory = new Directory({
      store: parts.store,
      topology,
      keyHash: { current: { id: 'k1', secret: 'a secret of this test' } },
      shardTenants: this.#shardTenants,
    });
  }

  /** Shards us1 and us2 on two servers; the tenant begins on us1. */
  static async start(): Promise<MovingFleet> {
    const fleet = await startFleet({ entities: [Entry] });
    const given = await mysqlServers(2);
    const database = `directory_${fleet.shards[0]!.database}`;
    const servers: ServerSpec[] = given.map(({ name, engine, host, port, user, password }) => ({
      name: `${name}-us`,
      engine,
      host,
      port,
      user,
      password,
    }));
    const shards = fleet.shards.map(({ name, ordinal, server, database: at }) => ({
      name,
      ordinal,
      server,
      database: at,
    }));
    const proxy = await startTcpProxy(given[1]!);
    const mover: StageSpec = {
      servers,
      shards,
      lockFile: fleet.lockFile.path,
      directory: { server: servers[0]!, database },
    };
    const { host, port } = proxy;
    const behind = [servers[0]!, { ...servers[1]!, host, port }];
    const writer: StageSpec = { ...mover, servers: behind };
    const { user, password } = given[0]!;
    const store = new MySqlStore({
      server: { writer: given[0]!, credentials: () => ({ user, password }) },
      database,
    });
    await store.prepare();
    const moving = new MovingFleet({ fleet, proxy, specs: { mover, writer }, store });
    await moving.#directory.assign(TENANT, { shard: 'us1' });
    return moving;
  }

  /** Starts `processes` × `writers` writers; they write until {@link stopWriters}. */
  async startWriters(processes = 2, writers = 4): Promise<void> {
    this.#writers = Array.from({ length: processes }, (_, i) =>
      child('writer.ts', [this.#writerSpec, this.#log, `w${i}_`, writers]),
    );
    await Promise.all(this.#writers.map((process) => once(process.stdout!, 'data')));
  }

  /** Lets the writers end their last write. @throws where one ended otherwise */
  async stopWriters(): Promise<void> {
    const ends = this.#writers.splice(0).map(async (process) => {
      process.stdin!.end();
      const [code] = (await once(process, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`a process of writers ended with ${code}`);
    });
    await Promise.all(ends);
  }

  /**
   * Runs the mover. With `dieAt` it kills itself before that step of the last.
   * @returns its exit code, or the signal that ended it
   */
  async move(from: 'us1' | 'us2', options: MoverOptions = {}): Promise<number | string> {
    return endOf(this.#startMover(from, options));
  }

  /**
   * Runs the mover until it stops itself (SIGSTOP) before `stopAt` of the last move.
   * @returns how to let it go on; that answers its exit code
   */
  async moveAndStop(
    from: 'us1' | 'us2',
    options: MoverOptions & { stopAt: string },
  ): Promise<() => Promise<number | string>> {
    const { stopAt: dieAt, ...rest } = options;
    const process = this.#startMover(from, { ...rest, dieAt, signal: 'SIGSTOP' });
    this.#stopped = process;
    while (!isStopped(process)) {
      if (process.exitCode !== null) throw new Error(`the mover ended before ${dieAt}`);
      await pause(20);
    }
    return () => {
      process.kill('SIGCONT');
      return endOf(process);
    };
  }

  #startMover(from: 'us1' | 'us2', options: MoverOptions & { signal?: string }): ChildProcess {
    const { times = 1, action = 'move', dieAt = '', signal = 'SIGKILL', holdMs = 30_000 } = options;
    const to = from === 'us1' ? 'us2' : 'us1';
    const how = [from, to, times, action, dieAt, signal, holdMs];
    return child('mover.ts', [this.#moverSpec, ...how]);
  }

  /** Shards whose row of the tenant says that it may write there. */
  async activeShards(): Promise<string[]> {
    const rows = await this.#shardTenants.find(TENANT);
    return rows.filter(({ row }) => row.state === 'active').map(({ shard }) => shard);
  }

  /** Where the directory says that the tenant is. */
  async shardOfTenant(): Promise<string> {
    return (await this.#directory.readPlacement(TENANT))!.shard;
  }

  /** How many writes were acknowledged so far. */
  acknowledged(): number {
    return this.#lines().filter((line) => line.startsWith('A ')).length;
  }

  /** Compares the writers' log with the rows of both shards, over plain connections. */
  async audit(): Promise<Audit> {
    const here = await this.shardOfTenant();
    const rowsOf = async (shard: string) =>
      new Map(
        (
          await this.fleet.rows(shard, 'SELECT id, value FROM entry WHERE tenantId = ?', [TENANT])
        ).map(({ id, value }) => [String(id), Number(value)]),
      );
    const [us1, us2] = [await rowsOf('us1'), await rowsOf('us2')];
    const all = new Map([...us1, ...us2]);
    const acknowledged = this.#counted('A');
    const unknown = this.#counted('U');
    const counts = [...all].filter(([id]) => id.startsWith('counter-'));
    const may = (id: string) => acknowledged.has(id) || unknown.has(id);
    return {
      acknowledged: this.acknowledged(),
      unknown: [...unknown.values()].reduce((sum, n) => sum + n, 0),
      refused: this.#refusals(),
      lost: [
        ...[...acknowledged.keys()].filter((id) => !id.startsWith('+') && !all.has(id)),
        ...counts
          .filter(([id, value]) => value < (acknowledged.get(`+${id}`) ?? 0))
          .map(([id]) => id),
      ],
      twice: [...us1.keys()].filter((id) => us2.has(id)),
      invented: [
        ...[...all.keys()].filter((id) => !id.startsWith('counter-') && !may(id)),
        ...counts
          .filter(([id, value]) => {
            const most = (acknowledged.get(`+${id}`) ?? 0) + (unknown.get(`+${id}`) ?? 0);
            return value > most;
          })
          .map(([id]) => id),
      ],
      misplaced: (here === 'us1' ? us2 : us1).size,
    };
  }

  async stop(): Promise<void> {
    for (const process of this.#writers) process.kill('SIGKILL');
    this.#stopped?.kill('SIGKILL');
    await this.proxy.stop();
    await this.#shardTenants.close();
    await this.#directory.close();
    const { database } = this.#moverSpec.directory;
    await this.fleet.rows('us1', `DROP DATABASE IF EXISTS \`${database}\``);
    await this.fleet.stop();
  }

  #lines(): string[] {
    try {
      return readFileSync(this.#log, 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  #counted(kind: 'A' | 'U'): Map<string, number> {
    const counted = new Map<string, number>();
    for (const line of this.#lines()) {
      if (!line.startsWith(`${kind} `)) continue;
      for (const id of line.slice(2).split(' ')) counted.set(id, (counted.get(id) ?? 0) + 1);
    }
    return counted;
  }

  #refusals(): Record<string, number> {
    const refused: Record<string, number> = {};
    for (const line of this.#lines()) {
      if (!line.startsWith('F ')) continue;
      refused[line.slice(2)] = (refused[line.slice(2)] ?? 0) + 1;
    }
    return refused;
  }
}

async function endOf(process: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(process, 'exit')) as [number | null, string | null];
  return code ?? signal ?? 'unknown';
}

/** Linux tells in the third field of `stat`, behind the program's name. */
function isStopped({ pid }: ChildProcess): boolean {
  try {
    return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function child(file: string, args: readonly unknown[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const texts = args.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : String(arg)));
  return spawn(process.execPath, ['--conditions=source', '--import', 'tsx', path, ...texts], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
