import type { Place, Shard } from '@switchyard/shard-context';
import type { DataSource, QueryRunner, ReplicationMode } from 'typeorm';
import type { WriteGuards } from '../record-rules.ts';

/** A data source whose writes pass the guards: the router and its children. */
export interface GuardedSource extends DataSource {
  readonly guards: WriteGuards;
}

/** What the parts of a sharded data source ask of the whole. */
export interface Router extends GuardedSource {
  /** A runner of the context's shard. @throws ShardContextMissingError */
  runnerHere(mode: ReplicationMode): QueryRunner;
  /** A runner of a named shard, shown to user code as belonging to `dataSource`. */
  runnerOn(shard: Shard, mode: ReplicationMode, dataSource: DataSource): QueryRunner;
  /** A runner of a known place, for work that belongs to a record of there. */
  runnerAt(place: Place, mode: ReplicationMode): QueryRunner;
  /** The only shard, while code without a context may run there. */
  reportedShard(): Shard | undefined;
}

/** The place of code that names a shard and no tenant. */
export function namedPlace(shard: Shard): Place {
  return Object.freeze({
    fleet: shard.fleet,
    shard: shard.name,
    tenant: undefined,
    epoch: undefined,
  });
}
