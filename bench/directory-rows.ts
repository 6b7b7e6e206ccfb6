import { MongoStore } from '@switchyard/directory/mongodb';
import { MySqlStore } from '@switchyard/directory/mysql';
import { Binary, MongoClient } from 'mongodb';
import mysql from 'mysql2';
import { createHmac, createSecretKey } from 'node:crypto';
import type { DirectoryStore } from '@switchyard/directory';
import { startMongoServer, startMysqlServer } from '../test/support/servers/index.ts';
import { KEY_HASH, keyText, KIND, placementOf, TENANTS, tenantOf } from './directory-cache.ts';

/** A persistent store full of keys, and its peer: the same answer by hand, by the same driver. */
export interface FullStore {
  readonly name: string;
  readonly store: DirectoryStore;
  readonly rawLookUp: (value: string) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

const DATABASE = 'bench_directory';
const POOL = 16;
const CHUNK = 5_000;
const secret = createSecretKey(Buffer.from(KEY_HASH.current.secret));

/** As the directory names its keys in a store. */
function digestOf(value: string): Buffer {
  const hmac = createHmac('sha256', secret).update(`${KIND.length}:${KIND}:`).update(value);
  return hmac.digest().subarray(0, 16);
}

/** MySQL or MariaDB, filled; its raw look-up is a prepared statement on a pool of mysql2. */
export async function fullMySql(keys: number): Promise<FullStore> {
  const server = await startMysqlServer({ name: 'bench-directory' });
  const { host, port, user, password } = server;
  const credentials = () => ({ user, password });
  const at = { server: { writer: { host, port }, credentials }, database: DATABASE };
  const store = new MySqlStore({ ...at, maxConnections: POOL });
  await store.prepare();
  const pool = mysql.createPool({
    ...{ host, port, user, password, database: DATABASE, connectionLimit: POOL },
    ...{ trace: false, maxPreparedStatements: 64 },
  });
  await fillMySql(pool, keys);
  const sql =
    'SELECT p.tenant, p.shard, p.epoch, p.state FROM directory_keys k ' +
    'JOIN directory_placements p ON p.tenant = k.tenant WHERE k.digest = ? AND k.revoked = 0';
  const rawLookUp = (value: string) =>
    new Promise((resolve, reject) =>
      pool.execute(sql, [digestOf(value)], (error, rows) =>
        error ? reject(error) : resolve(rows),
      ),
    );
  const stop = async () => {
    await store.close();
    pool.end();
    await server.stop();
  };
  return { name: 'mysql', store, rawLookUp, stop };
}

async function fillMySql(pool: mysql.Pool, keys: number): Promise<void> {
  const insert = (columns: string, rows: unknown[]) =>
    new Promise((resolve, reject) =>
      pool.query(`INSERT INTO ${columns} VALUES ?`, [rows], (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
  for (let from = 0; from < TENANTS; from += CHUNK) {
    const rows = range(from, TENANTS).map((i) => {
      const { tenant, shard, epoch, state } = placementOf(tenantOf(i));
      return [tenant, shard, epoch, state, 0];
    });
    await insert('directory_placements (tenant, shard, epoch, state, changed_us)', rows);
  }
  for (let from = 0; from < keys; from += CHUNK) {
    const rows = range(from, keys).map((i) => [digestOf(keyText(i)), 'h1', KIND, tenantOf(i), 0]);
    await insert('directory_keys (digest, hash_id, kind, tenant, created_us)', rows);
  }
}

/** A MongoDB-protocol server, filled; its raw look-up is one aggregate that joins by `_id`. */
export async function fullMongo(keys: number): Promise<FullStore> {
  const server = await startMongoServer('bench-directory');
  const client = new MongoClient(server.url, { maxPoolSize: POOL });
  const db = client.db(DATABASE);
  const store = new MongoStore({ client, database: DATABASE });
  await store.prepare();
  const placements = db.collection<{ _id: string }>('directory_placements');
  for (let from = 0; from < TENANTS; from += CHUNK) {
    await placements.insertMany(
      range(from, TENANTS).map((i) => {
        const { tenant, ...fields } = placementOf(tenantOf(i));
        return { _id: tenant, ...fields, changedAt: new Date(0) };
      }),
    );
  }
  const stored = db.collection<{ _id: Binary }>('directory_keys');
  for (let from = 0; from < keys; from += CHUNK) {
    await stored.insertMany(
      range(from, keys).map((i) => ({
        _id: new Binary(digestOf(keyText(i))),
        hashId: 'h1',
        kind: KIND,
        tenant: tenantOf(i),
        revoked: false,
      })),
    );
  }
  const join = {
    from: 'directory_placements',
    localField: 'tenant',
    foreignField: '_id',
    as: 'at',
  };
  const rawLookUp = (value: string) =>
    stored
      .aggregate([{ $match: { _id: new Binary(digestOf(value)) } }, { $lookup: join }])
      .toArray();
  const stop = async () => {
    await client.close();
    await server.stop();
  };
  return { name: `mongodb (${server.product} ${server.version})`, store, rawLookUp, stop };
}

function range(from: number, end: number): number[] {
  return Array.from({ length: Math.min(CHUNK, end - from) }, (_, k) => from + k);
}
