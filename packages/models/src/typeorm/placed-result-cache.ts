import { currentFrame, outsideContext } from '@switchyard/shard-context';
import { ShardContextMissingError } from '@switchyard/shard-context/internal';
import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';

/** The part of a place that an answer belongs to. */
interface Owner {
  readonly shard: string;
  readonly tenant: string | undefined;
}

/**
 * TypeORM's result cache, by shard and tenant. As it comes its key is the text of the query, which
 * is the same on every shard: with a shared provider one shard would be answered with the rows of
 * another. Transactions neither ask nor fill it: what they read may never be committed.
 */
export class PlacedResultCache implements QueryResultCache {
  readonly #provider: QueryResultCache | undefined;
  readonly #tableOf: (shard: string) => QueryResultCache;

  /**
   * @param provider one for all shards (Redis, the user's own); undefined for a table on each shard
   * @param tableOf the cache in a shard's own table
   */
  constructor(
    provider: QueryResultCache | undefined,
    tableOf: (shard: string) => QueryResultCache,
  ) {
    this.#provider = provider;
    this.#tableOf = tableOf;
  }

  async connect(): Promise<void> {
    await this.#provider?.connect();
  }

  async disconnect(): Promise<void> {
    await this.#provider?.disconnect();
  }

  async synchronize(runner?: QueryRunner): Promise<void> {
    await this.#cacheOf(ownerOf(runner)).synchronize(runner);
  }

  async getFromCache(
    options: QueryResultCacheOptions,
    runner?: QueryRunner,
  ): Promise<QueryResultCacheOptions | undefined> {
    if (runner?.isTransactionActive === true) return undefined;
    const owner = ownerOf(runner);
    return outsideContext(() => this.#cacheOf(owner).getFromCache(owned(options, owner)));
  }

  async storeInCache(
    options: QueryResultCacheOptions,
    savedCache: QueryResultCacheOptions | undefined,
    runner?: QueryRunner,
  ): Promise<void> {
    if (runner?.isTransactionActive === true) return;
    const owner = ownerOf(runner);
    const cache = this.#cacheOf(owner);
    await outsideContext(() => cache.storeInCache(owned(options, owner), savedCache as never));
  }

  isExpired(savedCache: QueryResultCacheOptions): boolean {
    if (this.#provider !== undefined) return this.#provider.isExpired(savedCache);
    return Number(savedCache.time) + savedCache.duration < Date.now();
  }

  /** With a table: that of the context's shard. With a provider: everything. */
  async clear(runner?: QueryRunner): Promise<void> {
    if (this.#provider !== undefined) return this.#provider.clear();
    const cache = this.#cacheOf(ownerOf(runner));
    return outsideContext(() => cache.clear());
  }

  /** Of the context's shard and tenant. */
  async remove(identifiers: string[], runner?: QueryRunner): Promise<void> {
    const owner = ownerOf(runner);
    const own = identifiers.map((identifier) => `${prefixOf(owner)}${identifier}`);
    return outsideContext(() => this.#cacheOf(owner).remove(own));
  }

  #cacheOf({ shard }: Owner): QueryResultCache {
    return this.#provider ?? this.#tableOf(shard);
  }
}

/** @throws ShardContextMissingError */
function ownerOf(runner: QueryRunner | undefined): Owner {
  const place = runner instanceof ShardQueryRunner ? runner.place : currentFrame()?.place;
  if (place === undefined) throw new ShardContextMissingError('use the result cache');
  return place;
}

function owned(options: QueryResultCacheOptions, owner: Owner): QueryResultCacheOptions {
  const prefix = prefixOf(owner);
  const { identifier } = options;
  return {
    ...options,
    query: `${prefix}${options.query ?? ''}`,
    ...(identifier !== undefined && { identifier: `${prefix}${identifier}` }),
  };
}

/** A comment, so that it may stand before the text of a query. Names cannot end it early. */
function prefixOf({ shard, tenant }: Owner): string {
  return `/* ${shard} ${tenant === undefined ? '' : encodeURIComponent(tenant)} */ `;
}
