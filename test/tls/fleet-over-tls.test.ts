import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCli } from '@switchyard/cli';
import { Directory } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import { ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { connectToShard } from '@switchyard/mysql';
import { logIn } from '@switchyard/mysql/internal';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type Credentials,
  type ServerTls,
} from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '../fence/account.ts';
import { startMysqlServer } from '../support/servers/index.ts';
import { KEY_HASH } from '../directory/fleet.ts';
import { Authority } from './certificates.ts';
import { EncryptedServer, SERVER_NAME } from './encrypted-servers.ts';

const SHARDS = ['us1', 'us2'];
let authority: Authority;
let encrypted: EncryptedServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-tls-'));
  authority = new Authority('switchyard-test');
  encrypted = await EncryptedServer.start(authority);
  const { engine } = encrypted.server;
  await encrypted.sql(
    "CREATE USER app@'%' IDENTIFIED BY 'secret-of-app' REQUIRE SSL",
    "CREATE USER plain@'%' IDENTIFIED BY 'secret-of-app'",
    "GRANT ALL ON *.* TO app@'%'",
    "GRANT ALL ON *.* TO plain@'%'",
    ...(engine === 'mysql' ? ["GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO app@'%'"] : []),
  );
  await encrypted.encryptOnly();
});

afterAll(async () => {
  await encrypted.server.stop();
  authority.remove();
  await rm(folder, { recursive: true, force: true });
});

function fleetWith(tls: ServerTls | undefined, name = 'fleet', user = 'app') {
  const { host, port, engine } = encrypted.server;
  const credentials = (): Credentials => ({ user, password: 'secret-of-app' });
  const server = {
    ...{ name: 'core', region: 'us', engine, writer: { host, port }, credentials },
    ...(tls === undefined ? {} : { tls }),
  };
  const topology = defineTopology({
    fleet: 'switchyard',
    regions: ['us'],
    servers: [server],
    shards: SHARDS.map((shard, i) => ({
      ...{ name: shard, ordinal: i + 1, server: 'core', database: `${name}_${shard}` },
    })),
  });
  const lockFile = new LockFile(join(folder, `${name}.lock.json`), 'switchyard');
  const store = new MySqlStore({ server, database: `${name}_directory` });
  const shards = new ShardTenantTable({ topology, lockFile });
  const directory = new Directory({ store, topology, keyHash: KEY_HASH, shardTenants: shards });
  return { topology, lockFile, directory, shards };
}

type Made = ReturnType<typeof fleetWith>;

async function cli({ topology, lockFile, directory }: Made, ...args: string[]): Promise<string> {
  let said = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      said += String(chunk);
      done();
    },
  });
  const config = { topology, lockFile, directory, migrations: [] };
  const loaded = { path: join(folder, 'switchyard.config.ts'), config };
  const code = await runCli(args, { config: loaded, out: stream, err: stream });
  return `${code} ${said}`;
}

describe('a fleet whose servers take encrypted connections only', () => {
  it('is prepared, planned, migrated, looked at and identified by the command line', async () => {
    const tls = { ca: authority.ca, serverName: SERVER_NAME };
    const run = (...args: string[]) => cli(fleetWith(tls), ...args);
    expect(await run('prepare', '--create-databases')).toMatch(/^0 /);
    expect(await run('plan')).toMatch(/^0 /);
    expect(await run('migrate')).toMatch(/^0 /);
    expect(await run('status')).toMatch(/^0 /);
    expect(await run('identify', 'us1', '--yes')).toMatch(/^0 /);
    expect(await run('pause')).toMatch(/^0 /);
    expect(await run('resume')).toMatch(/^0 /);
  });

  it('is used by the data source, the tenant table, the directory and tools', async () => {
    const fleet = fleetWith({ ca: authority.ca });
    const { topology, lockFile, directory, shards } = fleet;
    const cipher = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
    await directory.assign('acme', { shard: 'us2' });
    expect(await shards.read('us2', 'acme')).toMatchObject({ state: 'active' });
    const context = new ShardContext(topology);
    const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account] });
    await dataSource.initialize();
    try {
      const [row] = await context.onShard('us2', () =>
        dataSource.query<{ Value: string }[]>(cipher),
      );
      expect(row?.Value).toMatch(/\w/);
    } finally {
      await dataSource.destroy();
    }
    const connection = await connectToShard(topology, 'us1', { identity: 'checked', lockFile });
    await connection.end();
    await directory.close();
    await shards.close();
  });

  it('refuses a server that shows a certificate of another authority, an old one, or another name', async () => {
    const stranger = new Authority('stranger');
    const tls = { ca: authority.ca, serverName: SERVER_NAME };
    const open = (settings: ServerTls) =>
      connectToShard(fleetWith(settings).topology, 'us1', { identity: 'unchecked' });
    const refused = (reason: RegExp) => ({
      code: 'TLS_REFUSED',
      shard: 'us1',
      message: expect.stringMatching(reason) as string,
    });
    try {
      await expect(open({ ca: stranger.ca })).rejects.toMatchObject(refused(/self-signed|issuer/));
      await expect(open({ ...tls, serverName: 'x.test' })).rejects.toMatchObject(
        refused(/altname/),
      );
      if (encrypted.server.engine === 'mariadb') {
        // MySQL takes neither of them; refused-log-ins.test.ts shows more of them.
        await encrypted.show(authority.sign('old', `DNS:${SERVER_NAME}`, 'no more'));
        await expect(open(tls)).rejects.toMatchObject(refused(/expired/));
        await encrypted.show(stranger.sign('strange', `DNS:${SERVER_NAME}`));
        await expect(open(tls)).rejects.toMatchObject(refused(/self-signed|issuer|first/));
      }
      await encrypted.show(authority.sign('next', `DNS:${SERVER_NAME}`));
      await (await open(tls)).end();
    } finally {
      stranger.remove();
    }
  });

  it('refuses a server that offers no encryption', async () => {
    const { engine } = encrypted.server;
    const args = engine === 'mysql' ? ['--tls-version='] : ['--skip-ssl'];
    const plain = await startMysqlServer({ args });
    try {
      const { host, port, user, password } = plain;
      const server = { tls: { ca: authority.ca }, credentials: () => ({ user, password }) };
      await expect(logIn({ server, endpoint: { host, port } })).rejects.toMatchObject({
        code: 'TLS_REFUSED',
        remedy: expect.stringContaining('Turn encryption on') as string,
      });
    } finally {
      await plain.stop();
    }
  });

  it('refuses connections without `tls`, and says what to declare', async () => {
    const open = (user: string) =>
      connectToShard(fleetWith(undefined, 'fleet', user).topology, 'us1', {
        identity: 'unchecked',
      });
    // MariaDB does not say why it refuses, and MySQL not where the account requires encryption.
    const silent = {
      code: 'SHARD_ACCESS_DENIED',
      remedy: expect.stringContaining('declare `tls`') as string,
    };
    const told = { code: 'TLS_REFUSED', shard: 'us1', remedy: 'Declare `tls` of the server' };
    const { engine } = encrypted.server;
    await expect(open('app')).rejects.toMatchObject(silent);
    await expect(open('plain')).rejects.toMatchObject(engine === 'mysql' ? told : silent);
  });
});
