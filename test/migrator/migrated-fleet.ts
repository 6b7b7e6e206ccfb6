import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCli, type SwitchyardConfig } from '@switchyard/cli';
import type { PlanPolicy, RolloutPolicy } from '@switchyard/migrator';
import type { LockFile, ShardDefinition, Topology } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import {
  connectTo,
  freshDatabase,
  mysqlServers,
  type FreshDatabase,
  type MysqlServer,
} from '../support/servers/index.ts';
import { fixtureConfig, type FixtureFleet } from './fixture/fixture-fleet.ts';

const MAIN = fileURLToPath(new URL('fixture/cli-with-failpoints.ts', import.meta.url));
const CONFIG = fileURLToPath(new URL('./fixture/switchyard.config.ts', import.meta.url));

/** Which fleet a test wants. */
export interface MigratedFleetOptions {
  /** Names of the shards, in the order of their ordinals. Default: us1, us2, eu1. */
  readonly shards?: readonly string[];
  /** How many server processes to spread the shards over. Default 2. */
  readonly servers?: number | readonly MysqlServer[];
  readonly rollout?: RolloutPolicy;
}

/** What a run of the command line came to. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
  /** Lines of stdout that are JSON. */
  readonly events: readonly Record<string, unknown>[];
}

/** A command line at work. */
export interface RunningCli {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
  /** Resolves when an event of that kind was printed (with --json), optionally on one shard. */
  saw(event: string, shard?: string): Promise<void>;
  /** Resolves when so many events of that kind were printed. */
  sawTimes(event: string, times: number): Promise<void>;
}

/** What a test may declare about a server that is not so. */
type ServerChange = Partial<FixtureFleet['servers'][number]>;

/** A row of `shard_ledger` as a plain connection reads it. */
export interface LedgerLine {
  readonly migration: string;
  readonly direction: string;
  readonly step: number;
  readonly clause: string;
  readonly path: string;
  readonly state: string;
  readonly outcome: string | null;
}

/** Databases of their own on real servers, a config over them, and the command line as a process. */
export class MigratedFleet {
  readonly folder: string;
  readonly #databases: readonly FreshDatabase[];
  readonly #shards: ShardDefinition[];
  readonly #plain = new Map<string, Promise<Connection>>();
  readonly #children = new Set<ChildProcess>();
  readonly #serverChanges = new Map<string, ServerChange>();
  rollout: RolloutPolicy | undefined;
  /** Entities of the config, for runs in this process. */
  entities: SwitchyardConfig['entities'];
  /** What the config says about planning; undefined: the defaults. */
  plan: PlanPolicy | undefined;

  private constructor(
    folder: string,
    databases: readonly FreshDatabase[],
    shards: ShardDefinition[],
    rollout: RolloutPolicy | undefined,
  ) {
    this.folder = folder;
    this.#databases = databases;
    this.#shards = shards;
    this.rollout = rollout;
  }

  static async start(options: MigratedFleetOptions = {}): Promise<MigratedFleet> {
    const names = options.shards ?? ['us1', 'us2', 'eu1'];
    const { servers = 2 } = options;
    const given = typeof servers === 'number' ? await mysqlServers(servers) : servers;
    const databases: FreshDatabase[] = [];
    for (const [i, name] of names.entries()) {
      databases.push(await freshDatabase(given[i % given.length]!, `mig_${name}`));
    }
    const shards = names.map((name, i) => ({
      name,
      ordinal: i + 1,
      server: `${databases[i]!.server.name}-${name.startsWith('eu') ? 'eu' : 'us'}`,
      database: databases[i]!.name,
    }));
    const folder = await mkdtemp(join(tmpdir(), 'switchyard-migrated-'));
    await mkdir(join(folder, 'migrations'));
    return new MigratedFleet(folder, databases, shards, options.rollout);
  }

  /** Changes how the server of a shard is declared from the next run on. */
  redeclareServer(shard: string, change: ServerChange): void {
    this.#serverChanges.set(this.definition(shard).server, change);
  }

  /** Topology and lock file as the config has them. */
  declared(): { readonly topology: Topology; readonly lockFile: LockFile } {
    const { topology, lockFile } = fixtureConfig(this.#fixture());
    return { topology, lockFile: lockFile as LockFile };
  }

  /** What the servers run. */
  get engine(): 'mysql' | 'mariadb' {
    return this.#databases[0]!.server.engine;
  }

  get shards(): readonly string[] {
    return this.#shards.map(({ name }) => name);
  }

  /** Changes how a shard is declared from the next run on. */
  redeclare(shard: string, change: Partial<ShardDefinition>): void {
    const i = this.#shards.findIndex(({ name }) => name === shard);
    this.#shards[i] = { ...this.#shards[i]!, ...change };
  }

  /** Takes shards out of the topology; they keep their databases. */
  declareOnly(...names: readonly string[]): void {
    const kept = this.#shards.filter(({ name }) => names.includes(name));
    this.#shards.splice(0, Infinity, ...kept);
  }

  /** Puts a shard into the topology again. */
  declare(shard: ShardDefinition): void {
    this.#shards.push(shard);
  }

  definition(shard: string): ShardDefinition {
    return this.#shards.find(({ name }) => name === shard)!;
  }

  databaseOf(shard: string): FreshDatabase {
    const { database } = this.definition(shard);
    return this.#databases.find(({ name }) => name === database)!;
  }

  /** Writes a migration file; `name` without its timestamp. Statements may use no backticks. */
  async migration(
    name: string,
    timestamp: number,
    up: readonly string[],
    down: readonly string[] = [],
  ): Promise<string> {
    const body = (list: readonly string[]) =>
      list.map((sql) => `    await runner.query(${JSON.stringify(sql)});\n`).join('');
    const className = `${name}${timestamp}`;
    const text =
      `export class ${className} {\n  async up(runner) {\n${body(up)}  }\n` +
      `  async down(runner) {\n${body(down)}  }\n}\n`;
    await writeFile(join(this.folder, 'migrations', `${timestamp}-${name}.mjs`), text);
    return className;
  }

  /** Starts the command line as its own process, from the sources. */
  spawn(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCli {
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--import', import.meta.resolve('tsx'), MAIN, ...args],
      {
        env: { ...process.env, ...this.#env(), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#children.add(child);
    return watch(child);
  }

  /**
   * Runs the command line to its end: in this process, which saves its start; with variables for
   * its environment, which may kill it, as a process of its own.
   */
  async run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> {
    if (env !== undefined) return this.spawn(args, env).ended;
    const out = new Collected();
    const err = new Collected();
    const entities = this.entities && { entities: this.entities };
    const config = { path: CONFIG, config: { ...fixtureConfig(this.#fixture()), ...entities } };
    const code = await runCli(args, { config, out, err });
    return { code, signal: null, out: out.text, err: err.text, events: eventsIn(out.text) };
  }

  /** `run` with --json. */
  json(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CliResult> {
    return this.run([...args, '--json'], env);
  }

  plain(shard: string): Promise<Connection> {
    const known = this.#plain.get(shard);
    if (known !== undefined) return known;
    const { server, name } = this.databaseOf(shard);
    const opening = connectTo(server, name);
    this.#plain.set(shard, opening);
    return opening;
  }

  /** Lets the next `plain` open a new connection: the server was restarted. */
  forget(shard: string): void {
    void this.#plain.get(shard)?.then((connection) => connection.destroy());
    this.#plain.delete(shard);
  }

  /** Rows of one statement on the shard's plain connection. */
  async rows(shard: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const [rows] = await (await this.plain(shard)).query(sql, values);
    return rows as Record<string, unknown>[];
  }

  /** Runs a statement on every shard. */
  async everywhere(sql: string): Promise<void> {
    for (const shard of this.shards) await this.rows(shard, sql);
  }

  async ledger(shard: string): Promise<LedgerLine[]> {
    const rows = await this.rows(
      shard,
      `SELECT migration, direction, step, clause, path, state, outcome FROM shard_ledger ORDER BY seq`,
    );
    return rows as unknown as LedgerLine[];
  }

  /** Names of a table's columns, in order. */
  async columns(shard: string, table: string): Promise<string[]> {
    const rows = await this.rows(shard, `SHOW COLUMNS FROM ${table}`);
    return rows.map((row) => String(row['Field']));
  }

  async stop(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGKILL');
    for (const opening of this.#plain.values()) (await opening).destroy();
    for (const database of this.#databases) await database.drop().catch(() => undefined);
    await rm(this.folder, { recursive: true, force: true });
  }

  #env(): NodeJS.ProcessEnv {
    return { SWITCHYARD_FIXTURE: JSON.stringify(this.#fixture()), SWITCHYARD_CONFIG: CONFIG };
  }

  #fixture(): FixtureFleet {
    const used = new Map(this.#databases.map(({ server }) => [server.name, server]));
    return {
      folder: this.folder,
      servers: [...used.values()].flatMap((server) =>
        ['us', 'eu'].map((region) => ({
          name: `${server.name}-${region}`,
          region,
          engine: server.engine,
          writer: { host: server.host, port: server.port },
          user: server.user,
          password: server.password,
          ...this.#serverChanges.get(`${server.name}-${region}`),
        })),
      ),
      shards: this.#shards,
      ...(this.rollout !== undefined && { rollout: this.rollout }),
      ...(this.plan !== undefined && { plan: this.plan }),
    };
  }
}

/** A stream that keeps what is written to it. */
class Collected extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

function watch(child: ChildProcess): RunningCli {
  let out = '';
  let err = '';
  const waiting = new Set<() => void>();
  const check = (): void => [...waiting].forEach((look) => look());
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    check();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code, signal]): CliResult => {
    check();
    return {
      code: code as number | null,
      signal: signal as string | null,
      out,
      err,
      events: eventsIn(out),
    };
  });
  const until = (what: string, holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!holds()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${what}:\n${out}\n${err}`)));
    });
  const seen = (event: string) => eventsIn(out).filter((one) => one['event'] === event);
  const saw = (event: string, shard?: string): Promise<void> =>
    until(event, () => seen(event).some((one) => shard === undefined || one['shard'] === shard));
  const sawTimes = (event: string, times: number): Promise<void> =>
    until(event, () => seen(event).length >= times);
  return { child, ended, saw, sawTimes };
}

function eventsIn(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
