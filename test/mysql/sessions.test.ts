import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShard, ShardedDataSource } from '@switchyard/models';
import { connectToShard } from '@switchyard/mysql';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type SessionDefinition,
} from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';
import { connectTo, startMysqlServer, type PrivateMysqlServer } from '../support/servers/index.ts';

const SHARDS = ['us1', 'us2'];
const SESSION = `SELECT @@SESSION.time_zone AS zone, @@SESSION.sql_mode AS mode,
  CAST(@@SESSION.auto_increment_offset AS CHAR) AS ids, @@SESSION.collation_connection AS texts`;

const servers: PrivateMysqlServer[] = [];
let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-sessions-'));
  servers.push(
    await startMysqlServer({ name: 'far', args: ['--default-time-zone=+09:00', '--sql-mode='] }),
    await startMysqlServer({ name: 'near', machineZone: 'America/New_York' }),
  );
  for (const server of servers) {
    const connection = await connectTo(server, 'mysql');
    await connection.query('CREATE DATABASE sessions');
    await connection.query(
      'CREATE TABLE sessions.note (id INT PRIMARY KEY, at TIMESTAMP NULL, text VARCHAR(3) NOT NULL)',
    );
    await connection.end();
  }
});
afterAll(async () => {
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** One shard on each server; the lock file is its own. */
async function fleet(session?: SessionDefinition, options: { adopted?: SessionDefinition } = {}) {
  const topology = defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers: servers.map(({ name, engine, host, port, user, password }) => ({
      name,
      region: 'us',
      engine,
      writer: { host, port },
      credentials: () => ({ user, password }),
      maxConnections: 1,
    })),
    shards: SHARDS.map((name, i) => ({
      name,
      ordinal: i + 1,
      server: servers[i]!.name,
      database: 'sessions',
    })),
    ...(session !== undefined && { session }),
  });
  const lockFile = new LockFile(join(folder, `${(files += 1)}.json`), 'test');
  if (options.adopted !== undefined) await lockFile.recordSession(options.adopted);
  for (const shard of SHARDS) await prepareShard({ topology, shard, lockFile });
  const dataSource = new ShardedDataSource({ topology, lockFile, entities: [] });
  await dataSource.initialize();
  const context = new ShardContext(topology);
  const query = (shard: string, sql: string, values: unknown[] = []) =>
    context.onShard(shard, () => dataSource.query(sql, values) as Promise<Row[]>);
  return { topology, lockFile, query, [Symbol.asyncDispose]: () => dataSource.destroy() };
}
type Row = Record<string, unknown>;

describe('two servers in different time zones and modes', () => {
  it('store one instant as one, and refuse alike what does not fit', async () => {
    await using all = await fleet();
    for (const shard of SHARDS) {
      await all.query(shard, "REPLACE INTO note VALUES (1, '2026-07-01 12:00:00', 'abc')");
      const stored = await all.query(
        shard,
        'SELECT UNIX_TIMESTAMP(at) AS at FROM note WHERE id = 1',
      );
      expect(Number(stored[0]?.['at'])).toBe(Date.parse('2026-07-01T12:00:00Z') / 1_000);
      await expect(
        all.query(shard, "INSERT INTO note VALUES (2, NULL, 'abcd')"),
      ).rejects.toMatchObject({ errno: 1406 });
    }
  });

  it('give sessions what is declared, on new connections and on those that were reset', async () => {
    const session = { timeZone: '+05:30', sqlMode: 'STRICT_ALL_TABLES', collation: 'utf8mb4_bin' };
    await using all = await fleet(session);
    for (const [i, shard] of SHARDS.entries()) {
      const expected = {
        zone: '+05:30',
        mode: 'STRICT_ALL_TABLES',
        ids: String(i + 1),
        texts: 'utf8mb4_bin',
      };
      expect((await all.query(shard, SESSION))[0]).toEqual(expected);
      const id = await all.query(shard, 'SELECT CONNECTION_ID() AS id');
      await all.query(shard, "SET SESSION time_zone = '-03:00'");
      await all.query(shard, 'SET NAMES utf8mb4 COLLATE utf8mb4_general_ci');
      expect((await all.query(shard, SESSION))[0]).toEqual(expected);
      expect(await all.query(shard, 'SELECT CONNECTION_ID() AS id')).toEqual(id);
    }
  });

  it('give what the lock file keeps, but for what the topology declares', async () => {
    const adopted = { timeZone: '+09:00', sqlMode: '' };
    await using all = await fleet({ sqlMode: 'STRICT_ALL_TABLES' }, { adopted });
    for (const shard of SHARDS) {
      const [row] = await all.query(shard, SESSION);
      expect(row).toMatchObject({ zone: '+09:00', mode: 'STRICT_ALL_TABLES' });
    }
  });

  it('cost a new connection no statement more', async () => {
    await using all = await fleet();
    const admin = await connectTo(servers[0]!, 'sessions');
    const sent = async () => {
      const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Questions'");
      return Number((rows as Row[])[0]?.['Value']);
    };
    const before = await sent();
    await all.query('us1', 'SELECT 1');
    // What the server is, which shard it is, the session, the query; and the count itself.
    expect((await sent()) - before).toBe(5);
    await admin.end();
  });

  it('are used in UTC by tools, and as the application does by tools that say so', async () => {
    await using all = await fleet({ timeZone: '+05:30' });
    const zone = async (session?: 'fleet' | 'tool') => {
      const { topology, lockFile } = all;
      const connection: Connection = await connectToShard(topology, 'us1', {
        identity: 'checked',
        lockFile,
        ...(session !== undefined && { session }),
      });
      const [rows] = await connection.query('SELECT @@SESSION.time_zone AS zone');
      await connection.end();
      return (rows as Row[])[0]?.['zone'];
    };
    expect([await zone(), await zone('tool'), await zone('fleet')]).toEqual([
      '+00:00',
      '+00:00',
      '+05:30',
    ]);
  });

  it('refuse a time zone that a server does not know, before any query', async () => {
    await using all = await fleet({ timeZone: 'Mars/Olympus' });
    await expect(all.query('us1', 'SELECT 1')).rejects.toMatchObject({ code: 'SESSION_REFUSED' });
  });
});

describe('the command line', () => {
  it('refuses to prepare a shard that cannot give what is declared, and changes nothing', async () => {
    const fleet = await MigratedFleet.start({ shards: SHARDS, servers });
    await fleet.declared().lockFile.recordSession({ timeZone: 'Mars/Olympus' });
    const { code, events } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ code: 'SESSION_REFUSED' });
    expect(JSON.stringify(events.at(-1))).toContain('Mars/Olympus');
    expect(await fleet.rows('us1', 'SHOW TABLES')).toEqual([]);
    await fleet.stop();
  });

  it.each([
    [0, 'an offset and no strict mode', '+09:00', ''],
    [1, 'SYSTEM on a machine with summer time', undefined, undefined],
  ])('adopts a database on server %i with %s, and nothing changes', async (i, _how, zone, mode) => {
    const server = servers[i]!;
    if (zone === undefined) await loadTimeZones(server);
    const fleet = await MigratedFleet.start({ shards: ['us1'], servers: [server] });
    await fleet.rows('us1', 'CREATE TABLE migrations (id INT PRIMARY KEY, name VARCHAR(99))');
    await fleet.rows('us1', 'CREATE TABLE note (at TIMESTAMP NULL, text VARCHAR(3) NOT NULL)');
    const before = "INSERT INTO note VALUES ('2026-07-01 12:00:00', 'abc')";
    await fleet.rows('us1', before);
    const { code, events } = await fleet.json(['adopt', '--tenant', 'acme']);
    expect(events.at(-1)).toMatchObject({ event: 'adopted' });
    expect(code).toBe(0);
    const { topology, lockFile } = fleet.declared();
    const kept = await lockFile.session();
    if (zone !== undefined) expect(kept).toEqual({ timeZone: zone, sqlMode: mode });
    expect(kept?.timeZone).not.toBe('SYSTEM');
    const [{ mode: today } = {}] = await fleet.rows('us1', 'SELECT @@GLOBAL.sql_mode AS mode');
    expect(kept?.sqlMode).toBe(today);
    const dataSource = new ShardedDataSource({ topology, lockFile, entities: [] });
    await dataSource.initialize();
    await new ShardContext(topology).onShard('us1', () => dataSource.query(before));
    await dataSource.destroy();
    const stored = 'SELECT DISTINCT UNIX_TIMESTAMP(at) AS at FROM note';
    expect(await fleet.rows('us1', stored)).toHaveLength(1);
    await fleet.stop();
  });

  it('refuses to adopt where SYSTEM has summer time and the server knows no names', async () => {
    const server = await startMysqlServer({ name: 'bare', machineZone: 'America/New_York' });
    const fleet = await MigratedFleet.start({ shards: ['us1'], servers: [server] });
    await fleet.rows('us1', 'CREATE TABLE migrations (id INT PRIMARY KEY, name VARCHAR(99))');
    const { code, events } = await fleet.json(['adopt', '--tenant', 'acme']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ code: 'ADOPTION_REFUSED' });
    expect(await fleet.rows('us1', 'SHOW TABLES')).toHaveLength(1);
    await fleet.stop();
    await server.stop();
  });
});

/** New York's rules of 2007, and before them those of 1987, as `mysql_tzinfo_to_sql` would. */
async function loadTimeZones(server: PrivateMysqlServer): Promise<void> {
  const connection = await connectTo(server, 'mysql');
  const [known] = await connection.query(
    "SELECT CONVERT_TZ(NOW(), 'UTC', 'America/New_York') AS t",
  );
  if ((known as Row[])[0]?.['t'] === null) {
    const zone = readZone('America/New_York');
    await connection.query('INSERT INTO time_zone (Time_zone_id) VALUES (1)');
    await connection.query("INSERT INTO time_zone_name VALUES ('America/New_York', 1)");
    await connection.query('INSERT INTO time_zone_transition_type VALUES ?', [zone.types]);
    await connection.query('INSERT INTO time_zone_transition VALUES ?', [zone.transitions]);
  }
  await connection.end();
}

/** Offsets of a zone by Node's own data, from hour to hour where they change. */
function readZone(timeZone: string): { transitions: number[][]; types: unknown[][] } {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (seconds: number) => {
    const name = format.formatToParts(seconds * 1_000).find(({ type }) => type === 'timeZoneName');
    const [, sign, hours, minutes] = /([+-])(\d+):(\d+)/.exec(name!.value) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 3_600 + Number(minutes ?? 0) * 60);
  };
  const DAY = 86_400;
  const transitions: number[][] = [];
  const types = new Map<number, number>([[offsetAt(0), 0]]);
  let last = offsetAt(0);
  for (let day = 0; day < 2_145_916_800; day += DAY) {
    if (offsetAt(day + DAY) === last) continue;
    let [low, high] = [day, day + DAY];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === last) low = middle;
      else high = middle;
    }
    last = offsetAt(high);
    if (!types.has(last)) types.set(last, types.size);
    transitions.push([1, high, types.get(last)!]);
  }
  const rows = [...types].map(([offset, id]) => [1, id, offset, Number(offset !== -18_000), 'X']);
  return { transitions, types: rows };
}
