import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOnly } from '@switchyard/shard-context';
import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { startFleet, type DataSourcePart, type Fleet } from '../support/fleet/index.ts';
import { redisServer } from '../support/servers/index.ts';
import { Account, Currency } from '../fence/account.ts';

/** A provider shared by all shards, as Redis would be. */
class SharedCache implements QueryResultCache {
  readonly kept = new Map<string, QueryResultCacheOptions>();
  connect = () => Promise.resolve();
  disconnect = () => Promise.resolve();
  synchronize = () => Promise.resolve();
  isExpired = (saved: QueryResultCacheOptions) => saved.time! + saved.duration < Date.now();

  getFromCache(options: QueryResultCacheOptions, _runner?: QueryRunner) {
    return Promise.resolve(this.kept.get(options.identifier ?? options.query!));
  }

  async storeInCache(options: QueryResultCacheOptions) {
    this.kept.set(options.identifier ?? options.query!, { ...options });
  }

  async clear() {
    this.kept.clear();
  }

  async remove(identifiers: string[]) {
    for (const identifier of identifiers) this.kept.delete(identifier);
  }
}

const shared = new SharedCache();
const KINDS: Readonly<Record<string, () => DataSourcePart | Promise<DataSourcePart>>> = {
  'in a table of each shard': () => ({ cache: true }),
  'of one provider for all shards': () => ({ cache: { provider: () => shared } }),
  'in Redis': async () => {
    const { host, port } = await redisServer();
    return { cache: { type: 'ioredis', options: { host, port } } };
  },
};

describe.each(Object.entries(KINDS))('a result cache %s', (_kind, options) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({
      entities: [Currency, Account],
      dataSource: await options(),
      tenants: { us1: ['t_1', 't_2'], us2: ['t_1'] },
    });
    for (const shard of ['us1', 'us2']) {
      await fleet.rows(shard, "INSERT INTO currency VALUES ('EUR', ?)", [shard]);
    }
  });
  afterAll(() => fleet?.stop());

  const euro = (cache: boolean | string = true) =>
    fleet.dataSource
      .getRepository(Currency)
      .findOneOrFail({
        where: { code: 'EUR' },
        cache: typeof cache === 'string' ? { id: cache, milliseconds: 60_000 } : cache && 60_000,
      })
      .then(({ name }) => name);
  const rename = (shard: string, name: string) =>
    fleet.rows(shard, 'UPDATE currency SET name = ?', [name]);

  it.each([true, 'euro'])(
    'keeps the answers of one shard from another (cache: %s)',
    async (how) => {
      expect(await fleet.onShard('us1', () => euro(how))).toBe('us1');
      expect(await fleet.onShard('us2', () => euro(how))).toBe('us2');
      await rename('us1', 'renamed');
      expect(await fleet.onShard('us1', () => euro(how))).toBe('us1');
      expect(await fleet.onShard('us1', () => euro(false))).toBe('renamed');
      await rename('us1', 'us1');
    },
  );

  it('keeps the answers of one tenant from another on the same shard', async () => {
    await rename('us1', 'for t_1');
    expect(await fleet.onTenant('us1', 't_1', () => euro())).toBe('for t_1');
    await rename('us1', 'for t_2');
    expect(await fleet.onTenant('us1', 't_2', () => euro())).toBe('for t_2');
    expect(await fleet.onTenant('us1', 't_1', () => euro())).toBe('for t_1');
    await rename('us1', 'us1');
  });

  it('removes an identifier of the context’s place only', async () => {
    const remove = () => fleet.dataSource.queryResultCache!.remove(['gone']);
    for (const shard of ['us1', 'us2']) await fleet.onShard(shard, () => euro('gone'));
    await rename('us1', 'new');
    await rename('us2', 'new');
    await fleet.onShard('us1', remove);
    expect(await fleet.onShard('us1', () => euro('gone'))).toBe('new');
    expect(await fleet.onShard('us2', () => euro('gone'))).toBe('us2');
    await expect(remove()).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    for (const shard of ['us1', 'us2']) await rename(shard, shard);
  });

  it('answers in a read-only context, and by a stale route, which reads may use', async () => {
    await rename('us1', 'us1');
    const reads = () => readOnly(() => euro('read-only'));
    expect(await fleet.onTenant('us1', 't_1', reads, 99)).toBe('us1');
    expect(await fleet.onTenant('us1', 't_1', () => euro('stale'), 98)).toBe('us1');
  });

  it('is passed by in a transaction, whose reads may never be committed', async () => {
    const inside = () =>
      fleet.dataSource
        .transaction(async (manager) => {
          await manager.update(Currency, { code: 'EUR' }, { name: 'uncommitted' });
          const where = { code: 'EUR' };
          const cache = { id: 'transaction', milliseconds: 60_000 };
          expect((await manager.findOneOrFail(Currency, { where, cache })).name).toBe(
            'uncommitted',
          );
          throw new RangeError('roll back');
        })
        .catch(() => undefined);
    await fleet.onTenant('us1', 't_1', inside);
    expect(await fleet.onTenant('us1', 't_1', () => euro('transaction'))).toBe('us1');
  });
});
