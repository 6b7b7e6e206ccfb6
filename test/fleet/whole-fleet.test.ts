import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  currentShard,
  currentTenant,
  defineFleet,
  Sharded,
  start,
  type SwitchyardFleet,
} from '@switchyard/fleet';
import { queue, worker } from '@switchyard/fleet/bullmq';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  connectTo,
  mysqlServers,
  redisServer,
  type MysqlServer,
} from '../support/servers/index.ts';

@Entity()
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
class Parcel {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 64 }) state!: string;
}

const HOMES = { acme: 'us1', berlin: 'eu1' };
const name = () => `fleet_${randomBytes(6).toString('hex')}`;

describe('a whole fleet on two servers', () => {
  let servers: readonly MysqlServer[];
  let redis: string;
  let folder: string;
  // An account and databases of its own, so that its connections and tables can be counted.
  const user = name();
  const databases = { shard: name(), directory: name() };
  let fleet: SwitchyardFleet;

  beforeAll(async () => {
    servers = await mysqlServers(2);
    redis = (await redisServer()).url;
    folder = await mkdtemp(join(tmpdir(), 'switchyard-fleet-'));
    await mkdir(join(folder, 'migrations'));
    await writeFile(join(folder, 'migrations', '1-parcel.mjs'), MIGRATION);
    for (const server of servers) {
      await on(server, `CREATE USER '${user}'@'%' IDENTIFIED BY 'p'`);
      await on(server, `GRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION`);
    }
  });
  afterAll(async () => {
    for (const server of servers) {
      for (const database of Object.values(databases)) {
        await on(server, `DROP DATABASE IF EXISTS ${database}`);
      }
      await on(server, `DROP USER '${user}'@'%'`);
    }
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => (fleet = define()));
  afterEach(() => fleet.close());

  it('opens nothing when it is defined and started, and nothing of it is open after its end', async () => {
    await start(fleet);
    expect(await connections()).toBe(0);
    await fleet.prepare({ createDatabases: true });
    const { outcomes } = await fleet.migrate();
    expect(outcomes.map(({ shard, result }) => [shard, result])).toEqual([
      ['us1', 'done'],
      ['eu1', 'done'],
    ]);
    for (const [tenant, shard] of Object.entries(HOMES)) {
      await fleet.directory.assign(tenant, { shard });
      await fleet.router.onTenant(tenant, () => parcels().save({ state: 'new' }));
    }
    expect(await connections()).toBeGreaterThanOrEqual(4); // data source, tenant table, directory
    await fleet.close();
    // A server counts a connection until it has noticed that it was closed.
    await expect.poll(connections, { timeout: 5_000 }).toBe(0);
  });

  it('runs requests and jobs of each tenant on its shard, and says where they run', async () => {
    await start(fleet);
    const seen: string[] = [];
    const jobs = queue<{ parcel: Parcel }>(fleet, 'parcels');
    const working = worker<{ parcel: Parcel }>(fleet, 'parcels', async ({ data: { parcel } }) => {
      await parcels().update({ id: parcel.id }, { state: 'sent' });
      seen.push(`${currentTenant()} on ${currentShard()}`);
    });
    const done = new Promise<void>((resolve) => {
      working.on('completed', () => seen.length === 2 && resolve());
    });
    for (const tenant of Object.keys(HOMES)) {
      await fleet.router.onTenant(tenant, async () => {
        await jobs.add('send', { parcel: await parcels().findOneByOrFail({ state: 'new' }) });
      });
    }
    await done;
    expect(seen.toSorted()).toEqual(['acme on us1', 'berlin on eu1']);
    for (const tenant of Object.keys(HOMES)) {
      const states = await fleet.router.onTenant(tenant, () => parcels().find());
      expect(states).toEqual([expect.objectContaining({ state: 'sent', tenantId: tenant })]);
    }
    expect([currentShard(), currentTenant()]).toEqual([undefined, undefined]);
  });

  it('closes a worker that is at work after its job, and what the job uses after the worker', async () => {
    await start(fleet);
    let begin: () => void;
    const hasBegun = new Promise<void>((resolve) => (begin = resolve));
    let end: () => void;
    const mayEnd = new Promise<void>((resolve) => (end = resolve));
    const working = worker(fleet, 'parcels', async () => {
      begin();
      await mayEnd;
      return parcels().count(); // while the fleet is being closed
    });
    const counted = new Promise((resolve) => working.on('completed', (_job, n) => resolve(n)));
    const jobs = queue(fleet, 'parcels');
    await fleet.router.onTenant('acme', () => jobs.add('count', {}));
    await hasBegun;
    const closed = fleet.close();
    end!();
    await closed;
    expect(await counted).toBe(1);
    expect(await connections()).toBe(0);
    expect(() => queue(fleet, 'parcels')).toThrow(expect.objectContaining({ code: 'FLEET_USED' }));
  });

  it('closes everything where its start is refused', async () => {
    class Forgotten {}
    Entity()(Forgotten);
    PrimaryGeneratedColumn({ type: 'bigint' })(Forgotten.prototype, 'id');
    const wrong = define([Forgotten]);
    await wrong.directory.readPlacement('acme');
    await expect(start(wrong)).rejects.toMatchObject({ code: 'ENTITY_UNDECLARED' });
    expect(await connections()).toBe(0);
  });

  it('is made of parts that each close alone, at the end of a block and by `close`, also twice', async () => {
    const { directory, shardTenants, dataSource } = fleet;
    await dataSource.close(); // it was never initialized: nothing to do
    await start(fleet);
    await directory.readPlacement('acme');
    await shardTenants.read('us1', 'acme');
    await fleet.router.onTenant('acme', () => parcels().count());
    const open = [await connections()];
    for (const part of [dataSource, shardTenants, directory]) {
      {
        await using used = part;
        expect(await connections()).toBe(open.at(-1));
        expect(used).toBe(part);
      }
      open.push(await connections());
      await part.close();
    }
    expect(open).toEqual(open.toSorted((a, b) => b - a));
    expect(new Set(open).size).toBe(4);
    expect(open.at(-1)).toBe(0);
  });

  it('refuses a queue that it does not declare', () => {
    expect(() => queue(fleet, 'letters')).toThrow(
      expect.objectContaining({ code: 'QUEUE_UNDECLARED' }),
    );
  });

  const parcels = () => fleet.dataSource.getRepository(Parcel);

  function define(entities: (new () => object)[] = [Parcel]): SwitchyardFleet {
    const [us, eu] = servers.map(({ engine, host, port }) => ({
      ...{ engine, writer: { host, port } },
      credentials: () => ({ user, password: 'p' }),
    }));
    return defineFleet({
      config: pathToFileURL(join(folder, 'switchyard.config.ts')),
      fleet: 'parcels',
      regions: ['us', 'eu'],
      shards: [
        { name: 'us1', ordinal: 1, database: databases.shard, server: { region: 'us', ...us! } },
        { name: 'eu1', ordinal: 2, database: databases.shard, server: { region: 'eu', ...eu! } },
      ],
      directory: {
        server: 'us1',
        database: databases.directory,
        keyHash: { current: { id: 'k1', secret: 'a secret of the test' } },
      },
      entities,
      jobs: { queues: ['parcels'], prefix: user, connection: () => redisOptions() },
    });
  }

  function redisOptions() {
    const { hostname, port } = new URL(redis);
    return { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  }

  /** Connections of this fleet, as the servers count them. */
  async function connections(): Promise<number> {
    let count = 0;
    for (const server of servers) {
      const rows = await on(
        server,
        'SELECT COUNT(*) AS n FROM information_schema.processlist WHERE user = ?',
        [user],
      );
      count += Number(rows[0]?.['n']);
    }
    return count;
  }
});

const MIGRATION = `export class Parcel1790000000000 {
  async up(runner) {
    await runner.query('CREATE TABLE parcel (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, tenantId varchar(64) NOT NULL, state varchar(64) NOT NULL)');
  }
  async down(runner) { await runner.query('DROP TABLE parcel'); }
}`;

async function on(server: MysqlServer, sql: string, values: readonly unknown[] = []) {
  const connection = await connectTo(server);
  try {
    const [rows] = await connection.query(sql, [...values]);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}
