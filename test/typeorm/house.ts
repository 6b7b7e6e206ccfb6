import 'reflect-metadata';
import { startFleet, type DataSourcePart, type Fleet } from '../support/fleet/index.ts';

/** The two places of these tests: a shard and its tenant. All rows have the same ids on both. */
export const PLACES = [
  ['us1', 't_1'],
  ['us2', 't_2'],
] as const;

/** A fleet of two shards with the entities, and one tenant on each. */
export function startPlaces(
  entities: NonNullable<DataSourcePart['entities']>,
  dataSource: DataSourcePart = {},
  servers = 2,
): Promise<Fleet> {
  const tenants = { us1: ['t_1'], us2: ['t_2'] };
  return startFleet({ entities, dataSource, servers, tenants });
}

/**
 * Runs `fn` at both places at once, and answers what each gave, us1 first: what holds on one shard
 * must hold on the other, and nothing may cross.
 */
export function onBoth<T>(fleet: Fleet, fn: (shard: string) => Promise<T>): Promise<[T, T]> {
  return Promise.all(
    PLACES.map(([shard, tenant]) => fleet.onTenant(shard, tenant, () => fn(shard))),
  ) as Promise<[T, T]>;
}

/** Runs `fn` at the first place. */
export function onFirst<T>(fleet: Fleet, fn: () => Promise<T>): Promise<T> {
  return fleet.onTenant('us1', 't_1', fn);
}

/** Runs `fn` at the second place. */
export function onSecond<T>(fleet: Fleet, fn: () => Promise<T>): Promise<T> {
  return fleet.onTenant('us2', 't_2', fn);
}

/** Empties the tables on both shards. */
export async function empty(fleet: Fleet, ...tables: string[]): Promise<void> {
  for (const [shard] of PLACES) {
    await fleet.rows(shard, 'SET FOREIGN_KEY_CHECKS = 0');
    for (const table of tables) await fleet.rows(shard, `TRUNCATE \`${table}\``);
    await fleet.rows(shard, 'SET FOREIGN_KEY_CHECKS = 1');
  }
}
