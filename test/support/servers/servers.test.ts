import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, it } from 'vitest';
import { givenMysqlServers } from './given.ts';
import {
  connectTo,
  freshDatabase,
  mongoServer,
  mysqlServers,
  noMongoReason,
  redisServer,
  startMysqlServer,
  startRedisServer,
  startTcpProxy,
} from './index.ts';

describe('the servers of a test run', () => {
  it('are as many MySQL-protocol processes as asked for, or all that were given', async () => {
    const servers = await mysqlServers(3);
    const [first] = await mysqlServers(1);
    const given = await givenMysqlServers();
    const processes = new Set(servers.map((server) => server.url)).size;
    expect(processes).toBe(given.length === 0 ? 3 : Math.min(3, given.length));
    expect(first).toEqual(servers[0]);
  });

  it('let a test make a database of its own and remove it', async () => {
    const [server] = await mysqlServers(1);
    const database = await freshDatabase(server!, 'servers');
    const admin = await connectTo(server!, database.name);
    await admin.query('create table t (id int primary key)');
    await database.drop();
    const [rows] = await admin.query('show databases like ?', [database.name]);
    await admin.end();
    expect(rows).toEqual([]);
  });

  it('include Redis', async () => {
    expect((await redisServer()).version).toMatch(/^\d+\./);
  });
});

describe('a MySQL-protocol server of a test', async () => {
  const server = await startMysqlServer({ name: 'private', args: ['--max-connections=77'] });
  afterAll(() => server.stop());

  it('takes further options', async () => {
    const admin = await connectTo(server);
    const [rows] = await admin.query('select @@max_connections as n');
    await admin.end();
    expect(rows).toEqual([{ n: 77 }]);
  });

  it('keeps its rows and its address over a kill and a restart', async () => {
    const database = await freshDatabase(server, 'kept');
    const before = await connectTo(server, database.name);
    before.on('error', () => undefined);
    await before.query('create table t (id int primary key)');
    await before.query('insert into t values (1)');
    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.restart();
    const after = await connectTo(server, database.name);
    const [rows] = await after.query('select id from t');
    await after.end();
    expect(rows).toEqual([{ id: 1 }]);
  });

  it('answers nothing while it is paused, and the same query when it is resumed', async () => {
    const admin = await connectTo(server);
    await server.pause();
    let answered = false;
    const query = admin.query('select 1').then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(answered).toBe(false);
    await server.resume();
    await query;
    await admin.end();
    expect(answered).toBe(true);
  });
});

describe('a Redis server of a test', () => {
  it('can be killed and comes back at the same address', async () => {
    const server = await startRedisServer({ args: ['--appendonly', 'yes'] });
    const pid = server.pid;
    await server.kill();
    await server.restart();
    expect(server.pid).not.toBe(pid);
    await server.stop();
  });
});

describe('the MongoDB-protocol server of a test run', () => {
  it('keeps a document', async (ctx) => {
    const server = await mongoServer();
    if (server === undefined) return ctx.skip(await noMongoReason());
    const client = new MongoClient(server.url);
    const database = client.db(`servers_${process.pid}`);
    await database.collection('t').insertOne({ key: 'k' });
    const found = await database.collection('t').findOne({ key: 'k' });
    await database.dropDatabase();
    await client.close();
    expect(found).toMatchObject({ key: 'k' });
  });
});

describe('a TCP proxy before a server', async () => {
  const [server] = await mysqlServers(1);
  const proxy = await startTcpProxy(server!);
  afterAll(() => proxy.stop());
  const through = () => connectTo({ ...server!, port: proxy.port });

  it('breaks open connections and refuses new ones while it is cut', async () => {
    const open = await through();
    open.on('error', () => undefined);
    proxy.cut();
    await expect(open.query('select 1')).rejects.toThrow();
    await expect(through()).rejects.toThrow();
    proxy.heal();
    await (await through()).end();
  });

  it('swallows an answer while it stalls and delivers it when it is healed', async () => {
    const open = await through();
    proxy.stall();
    let answered = false;
    const query = open.query('select 1').then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBe(false);
    proxy.heal();
    await query;
    await open.end();
  });

  it('sends new connections to another server after a retarget', async () => {
    const [, other] = await mysqlServers(2);
    proxy.retarget(other!);
    const open = await through();
    const [rows] = await open.query('select @@port as port');
    await open.end();
    expect(rows).toEqual([{ port: other!.port }]);
  });
});
