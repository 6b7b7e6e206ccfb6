import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShardedDataSource } from '@switchyard/models';
import { defineTopology, onRole, ShardContext } from '@switchyard/shard-context';
import { connectTo, mysqlServers, type MysqlServer } from '../support/servers/index.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account, Currency } from '../fence/account.ts';

let fleet: Fleet;
let replica: MysqlServer;
let database: string;
let dataSource: ShardedDataSource;
let context: ShardContext;

// A second database of the same identity stands for the replica; its row says so, so that the
// test sees who answered.
beforeAll(async () => {
  fleet = await startFleet({
    shards: ['us1'],
    entities: [Account, Currency],
    tenants: { us1: ['t_1'] },
    servers: 1,
  });
  [, replica] = (await mysqlServers(2)) as [MysqlServer, MysqlServer];
  database = `${fleet.shards[0]!.database}_copy`;
  const [server] = fleet.servers.filter(({ name }) => name === fleet.shards[0]!.server);
  const target = await connectTo(replica);
  const same = replica.port === server!.writer.port;
  if (!same) database = fleet.shards[0]!.database;
  await target.query(`CREATE DATABASE IF NOT EXISTS \`${database}\``);
  await target.query(`USE \`${database}\``);
  for (const table of ['shard_identity', 'shard_tenant', 'currency', 'account']) {
    const [ddl] = await fleet.rows('us1', `SHOW CREATE TABLE ${table}`);
    await target.query(String(ddl!['Create Table']));
    for (const row of await fleet.rows('us1', `SELECT * FROM ${table}`)) {
      await target.query(`INSERT INTO ${table} SET ?`, [row]);
    }
  }
  await target.query("INSERT INTO currency VALUES ('EUR', 'reader')");
  await target.end();
  await fleet.rows('us1', "INSERT INTO currency VALUES ('EUR', 'writer')");
  const topology = defineTopology({
    fleet: 'test',
    regions: fleet.topology.regions,
    servers: [{ ...server!, readers: [{ host: replica.host, port: replica.port }] }],
    shards: fleet.shards,
  });
  context = new ShardContext(topology);
  const { lockFile } = fleet;
  dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account, Currency] });
  await dataSource.initialize();
});
afterAll(async () => {
  await dataSource?.destroy();
  const target = await connectTo(replica);
  await target.query(`DROP DATABASE IF EXISTS \`${database}\``);
  await target.end();
  await fleet?.stop();
});

const who = async () =>
  (await dataSource.getRepository(Currency).findOneByOrFail({ code: 'EUR' })).name;
const asReader = <T>(fn: () => T): T =>
  context.onPlacement({ shard: 'us1', tenant: 't_1', epoch: 1 }, fn, { role: 'reader' });

describe('with the role reader', () => {
  it('reads go to a reader; without the role they go to the writer', async () => {
    expect(await asReader(who)).toBe('reader');
    expect(await context.onShard('us1', who)).toBe('writer');
    expect(await context.onShard('us1', () => onRole('reader', who))).toBe('reader');
  });

  it('a transaction reads from its writer', async () => {
    const inside = () =>
      dataSource.transaction((manager) => manager.findOneByOrFail(Currency, { code: 'EUR' }));
    expect((await asReader(inside)).name).toBe('writer');
  });

  it('a context that has written reads its own writes', async () => {
    await asReader(async () => {
      expect(await who()).toBe('reader');
      await dataSource.getRepository(Account).insert({ tenantId: 't_1', email: 'written' });
      expect(await who()).toBe('writer');
    });
    expect(await asReader(who)).toBe('reader');
  });

  it('a write on a runner that reads from a reader goes to the writer', async () => {
    await asReader(async () => {
      const runner = dataSource.createQueryRunner('slave');
      try {
        const [row] = (await runner.query('SELECT name FROM currency')) as [{ name: string }];
        expect(row.name).toBe('reader');
        await runner.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'from a reader')");
      } finally {
        await runner.release();
      }
    });
    const written = await fleet.rows('us1', "SELECT 1 FROM account WHERE email = 'from a reader'");
    expect(written).toHaveLength(1);
  });

  it('a reader that is down is passed over for the writer', async () => {
    const [server] = dataSource.topology.servers;
    const topology = defineTopology({
      fleet: 'test',
      regions: fleet.topology.regions,
      servers: [{ ...server!, readers: [{ host: '127.0.0.1', port: 1 }] }],
      shards: fleet.shards,
    });
    const { lockFile } = fleet;
    const other = new ShardedDataSource({ topology, lockFile, entities: [Account, Currency] });
    await other.initialize();
    try {
      const asked = () => other.getRepository(Currency).findOneByOrFail({ code: 'EUR' });
      const onOther = new ShardContext(topology).onShard('us1', asked, { role: 'reader' });
      expect((await onOther).name).toBe('writer');
    } finally {
      await other.destroy();
    }
  });
});
