import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareShard, ShardedDataSource } from '@switchyard/models';
import { connectToShard } from '@switchyard/mysql';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type ServerDefinition,
  type Topology,
} from '@switchyard/shard-context';
import {
  connectTo,
  freshDatabase,
  mysqlServers,
  startMysqlServer,
  startTcpProxy,
  type FreshDatabase,
  type MysqlServer,
  type PrivateMysqlServer,
  type TcpProxy,
} from '../support/servers/index.ts';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Currency } from '../fence/account.ts';

let own: PrivateMysqlServer;
let other: MysqlServer;
let proxy: TcpProxy;
let folder: string;
const databases: FreshDatabase[] = [];
const opened: ShardedDataSource[] = [];

beforeAll(async () => {
  [other] = (await mysqlServers(1)) as [MysqlServer];
  own = await startMysqlServer({ name: 'own' });
  proxy = await startTcpProxy(own);
  folder = await mkdtemp(join(tmpdir(), 'switchyard-identity-'));
});
afterAll(async () => {
  for (const dataSource of opened) if (dataSource.isInitialized) await dataSource.destroy();
  await proxy?.stop();
  await own?.stop();
  for (const database of databases) if (database.server === other) await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Pair {
  readonly dataSource: ShardedDataSource;
  readonly context: ShardContext;
  readonly lockFile: LockFile;
  ask(shard: string): Promise<string>;
}

/** us1 on a server of this file behind a proxy, us2 on a server of the run. */
async function pair(name: string, server: Partial<ServerDefinition> = {}): Promise<Pair> {
  const first = await freshDatabase(own, `${name}_1`);
  const second = await freshDatabase(other, `${name}_2`);
  databases.push(first, second);
  const topology = pairTopology(first, second, server);
  const lockFile = new LockFile(join(folder, `${name}.lock.json`), 'test');
  const context = new ShardContext(topology);
  const entities = [Currency];
  const pool = { idleMs: 50, acquireTimeoutMs: 2_000, connectTimeoutMs: 1_000 };
  const dataSource = new ShardedDataSource({ topology, lockFile, entities, pool });
  opened.push(dataSource);
  for (const shard of ['us1', 'us2']) await prepareShard({ topology, shard, lockFile });
  await dataSource.initialize();
  for (const shard of ['us1', 'us2']) {
    await context.onShard(shard, async () => {
      await dataSource.synchronize();
      await dataSource.getRepository(Currency).insert({ code: 'EUR', name: shard });
    });
  }
  const ask = (shard: string) =>
    context.onShard(shard, async () => {
      const [euro] = await dataSource.getRepository(Currency).find();
      return euro!.name;
    });
  return { dataSource, context, lockFile, ask };
}

function pairTopology(
  first: FreshDatabase,
  second: FreshDatabase,
  server: Partial<ServerDefinition>,
): Topology {
  const root =
    ({ user, password: secret }: MysqlServer) =>
    () => ({ user, password: secret });
  return defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers: [
      {
        name: 'own',
        region: 'us',
        engine: own.engine,
        writer: { host: proxy.host, port: proxy.port },
        credentials: root(own),
        ...server,
      },
      {
        name: 'other',
        region: 'us',
        engine: other.engine,
        writer: { host: other.host, port: other.port },
        credentials: root(other),
      },
    ],
    shards: [
      { name: 'us1', ordinal: 1, server: 'own', database: first.name },
      { name: 'us2', ordinal: 2, server: 'other', database: second.name },
    ],
  });
}

const outcome = (asked: Promise<unknown>) =>
  asked.catch((error: { code?: string }) => error.code ?? String(error));

describe('a server', () => {
  it('that a proxy swaps on reconnect is refused, and is used again when swapped back', async () => {
    const { ask, dataSource } = await pair('swap');
    const database = dataSource.topology.shard('us1').database;
    const twin = await connectTo(other);
    await twin.query(`CREATE DATABASE \`${database}\``);
    try {
      const { fleet } = dataSource.topology;
      const stranger = defineTopology({
        fleet,
        regions: ['us'],
        servers: [
          {
            name: 'own',
            region: 'us',
            engine: other.engine,
            writer: { host: other.host, port: other.port },
            credentials: () => ({ user: other.user, password: other.password }),
          },
        ],
        shards: [{ name: 'us1', ordinal: 1, server: 'own', database }],
      });
      const lockFile = new LockFile(join(folder, 'stranger.lock.json'), fleet);
      await prepareShard({ topology: stranger, shard: 'us1', lockFile });
      expect(await ask('us1')).toBe('us1');
      proxy.retarget(other);
      proxy.resetConnections();
      await expect.poll(() => outcome(ask('us1'))).toBe('SHARD_IDENTITY');
      expect(await ask('us2')).toBe('us2');
      proxy.retarget(own);
      await expect.poll(() => outcome(ask('us1')), { timeout: 5_000 }).toBe('us1');
    } finally {
      proxy.retarget(own);
      await twin.query(`DROP DATABASE \`${database}\``);
      await twin.end();
    }
  });

  it('that became read-only is refused as a writer, and used again when it takes writes', async () => {
    const admin = await connectTo(own);
    const user = 'plain_writer'; // one that may do everything writes to a read-only server
    await admin.query(`CREATE USER ${user} IDENTIFIED BY 'x'`);
    await admin.query(
      `GRANT SELECT, INSERT, CREATE, CREATE ROUTINE, ALTER, INDEX ON *.* TO ${user}`,
    );
    const credentials = () => ({ user, password: 'x' });
    const { ask, context, dataSource } = await pair('read_only', { credentials });
    const insert = () =>
      context.onShard('us1', () =>
        dataSource.getRepository(Currency).insert({ code: 'USD', name: 'x' }),
      );
    try {
      expect(await ask('us1')).toBe('us1');
      await admin.query('SET GLOBAL read_only = ON');
      await expect(insert()).rejects.toThrow(/read.only/i);
      await expect(insert()).rejects.toMatchObject({ code: 'SHARD_NOT_WRITABLE', retryable: true });
      expect(await ask('us2')).toBe('us2');
      await admin.query('SET GLOBAL read_only = OFF');
      await expect.poll(() => outcome(ask('us1')), { timeout: 5_000 }).toBe('us1');
      await insert();
    } finally {
      await admin.query('SET GLOBAL read_only = OFF');
      await admin.end();
    }
  });

  it('that is read-only is good enough for a reader', async () => {
    const admin = await connectTo(own);
    const { context, dataSource } = await pair('reader', {
      readers: [{ host: own.host, port: own.port }],
    });
    try {
      await admin.query('SET GLOBAL read_only = ON');
      const names = await context.onShard(
        'us1',
        async () => (await dataSource.getRepository(Currency).find()).map(({ name }) => name),
        { role: 'reader' },
      );
      expect(names).toEqual(['us1']);
    } finally {
      await admin.query('SET GLOBAL read_only = OFF');
      await admin.end();
    }
  });

  it('of another engine than declared, or older, is refused with SERVER_NOT_SUPPORTED', async () => {
    const { dataSource } = await pair('engine');
    const shard = dataSource.topology.shard('us1');
    const declared = (changes: Partial<ServerDefinition>) =>
      defineTopology({
        fleet: 'test',
        regions: ['us'],
        servers: [{ ...shard.server, ...changes }],
        shards: [{ name: 'us1', ordinal: 1, server: 'own', database: shard.database }],
      });
    const engine = own.engine === 'mysql' ? 'mariadb' : 'mysql';
    const { lockFile } = dataSource;
    for (const changes of [{ engine, minVersion: '8.0.0' } as const, { minVersion: '99.1.0' }]) {
      const connecting = connectToShard(declared(changes), 'us1', {
        identity: 'checked',
        lockFile,
      });
      await expect(connecting).rejects.toMatchObject({ code: 'SERVER_NOT_SUPPORTED' });
    }
  });

  it('that is down fails alone and fast, and comes back alone', async () => {
    const { ask } = await pair('down');
    proxy.cut();
    try {
      await expect.poll(() => outcome(ask('us1'))).toBe('SHARD_UNAVAILABLE');
      const since = performance.now();
      for (let i = 0; i < 50; i++) await outcome(ask('us1'));
      expect(performance.now() - since).toBeLessThan(2_000);
      expect(await ask('us2')).toBe('us2');
    } finally {
      proxy.heal();
    }
    await expect.poll(() => outcome(ask('us1')), { timeout: 5_000 }).toBe('us1');
  });

  it('whose shards cannot be reached does not keep the data source from starting', async () => {
    const { dataSource: from, lockFile, context } = await pair('boot');
    proxy.cut();
    const { topology } = from;
    const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Currency] });
    try {
      const accepted = proxy.accepted;
      await dataSource.initialize();
      expect(proxy.accepted).toBe(accepted);
      const find = () => dataSource.getRepository(Currency).find();
      await expect(context.onShard('us1', find)).rejects.toMatchObject({
        code: 'SHARD_UNAVAILABLE',
        retryable: true,
      });
      expect(await context.onShard('us2', find)).toHaveLength(1);
    } finally {
      proxy.heal();
      await dataSource.destroy();
    }
  });

  it('that refuses the password is named without the password', async () => {
    const secret = 'a-wrong-password-to-look-for';
    const { dataSource, lockFile } = await pair('denied');
    const shard = dataSource.topology.shard('us1');
    const topology = defineTopology({
      fleet: 'test',
      regions: ['us'],
      servers: [{ ...shard.server, credentials: () => ({ user: 'nobody', password: secret }) }],
      shards: [{ name: 'us1', ordinal: 1, server: 'own', database: shard.database }],
    });
    const error = (await connectToShard(topology, 'us1', { identity: 'checked', lockFile }).then(
      () => undefined,
      (failure: unknown) => failure,
    )) as Error & { code: string };
    expect(error.code).toBe('SHARD_ACCESS_DENIED');
    expect(error.message).toContain('us1');
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(secret);
  });
});

describe('credentials()', () => {
  it('rotated under load, with the old password revoked, cost no failed request', async () => {
    const admin = await connectTo(own);
    const account = async (user: string) => {
      const password = randomUUID();
      await admin.query(`CREATE USER ${user} IDENTIFIED BY '${password}'`);
      await admin.query(`GRANT ALL ON *.* TO ${user}`);
      return { user, password };
    };
    let current = await account('rotating_0');
    let asked = 0;
    const credentials = () => {
      asked += 1;
      return current;
    };
    const { ask } = await pair('rotation', { credentials });
    const failures: unknown[] = [];
    let running = true;
    let answered = 0;
    const load = async () => {
      while (running) {
        await ask('us1').then(
          () => (answered += 1),
          (error: unknown) => failures.push(error),
        );
        // Pauses longer than the idle time: connections come and go all the while.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
      }
    };
    const clients = Array.from({ length: 8 }, load);
    const before = asked;
    for (const next of ['rotating_1', 'rotating_2', 'rotating_3']) {
      const enough = answered + 40;
      const { user: revoked } = current;
      current = await account(next);
      await admin.query(`DROP USER ${revoked}`);
      await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(enough);
    }
    running = false;
    await Promise.all(clients);
    await admin.end();
    expect(failures).toEqual([]);
    expect(asked).toBeGreaterThan(before + 3);
  });
});
