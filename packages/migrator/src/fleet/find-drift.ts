import type { Connection } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';
import type { Shard } from '@switchyard/shard-context';
import { isNamed } from './files-and-ledger.ts';
import { isApplied, readMigrationRows } from '../ledger/ledger.ts';
import { Budget } from '../rollout/budget.ts';
import type { Failure } from '../rollout/events.ts';
import { failureOf } from '../rollout/failure.ts';
import type { Fleet } from '../rollout/fleet.ts';
import { withDefaults } from '../rollout/rollout-policy.ts';
import { readServerFacts } from '../server/server-facts.ts';
import { entityStatements } from '../drift/entity-statements.ts';
import { fingerprintOf, readSchema } from '../drift/read-schema.ts';
import { repairStatements } from '../drift/repair-statements.ts';
import { differencesOf, type Difference, type Schema } from '../drift/table-differences.ts';

/**
 * How a shard's schema stands to that of its siblings: `same`, `different` from that of most of
 * them, `undecided` where no schema is that of more than half of them, `alone` where no other shard
 * has the same migrations and engine, `unreadable`: see `failure`.
 */
export interface ShardDrift {
  readonly shard: string;
  readonly state: 'same' | 'different' | 'undecided' | 'alone' | 'unreadable';
  /** Equal for schemas that mean the same. */
  readonly fingerprint: string | undefined;
  /** The sibling that it is compared with, where it is not like it. */
  readonly sibling: string | undefined;
  readonly differences: readonly Difference[];
  /** What would make it like that sibling. Nothing runs them. */
  readonly repair: readonly string[];
  /** What TypeORM would send to make it like the entities; undefined where there are none. */
  readonly entities: readonly string[] | undefined;
  readonly failure: Failure | undefined;
}

/** What the shards of a fleet are compared by. */
export interface DriftRequest {
  readonly entities?: DataSourceOptions['entities'];
  /** Names of shards. Default: all. The others are read as well: they are the measure. */
  readonly only?: readonly string[] | undefined;
}

/** The definitions of a shard. */
interface Seen {
  readonly shard: Shard;
  readonly schema: Schema;
  readonly fingerprint: string;
  /** Equal for shards that ought to look the same. */
  readonly peers: string;
  readonly entities: readonly string[] | undefined;
}

/**
 * Compares the tables of each shard with those of its siblings at the same point of the ledger and
 * on the same engine, and with the entities. Nothing is changed.
 */
export async function findDrift(
  fleet: Pick<Fleet, 'topology' | 'open' | 'policy'>,
  { entities, only }: DriftRequest = {},
): Promise<ShardDrift[]> {
  const wanted = only?.map((name) => fleet.topology.shard(name).name);
  const budget = new Budget(withDefaults(fleet.policy));
  const all = await Promise.all(
    fleet.topology.shards.map((shard) => budget.run(shard, () => lookAt(fleet, shard, entities))),
  );
  const seen = all.filter((one) => 'schema' in one);
  const drifts = all.map((one) => ('schema' in one ? compared(one, seen) : one));
  return drifts.filter(({ shard }) => wanted === undefined || wanted.includes(shard));
}

async function lookAt(
  fleet: Pick<Fleet, 'open'>,
  shard: Shard,
  entities: DataSourceOptions['entities'],
): Promise<Seen | ShardDrift> {
  let connection: Connection | undefined;
  try {
    connection = await fleet.open(shard);
    const { engine, database } = await readServerFacts(connection);
    const rows = await readMigrationRows(connection, shard.name);
    const names = rows.map(({ migration }) => migration).filter(isNamed);
    const applied = names.filter((name) => isApplied(rows, name)).sort();
    const schema = await readSchema(connection);
    const place = { connection, engine, database };
    return {
      shard,
      schema,
      fingerprint: fingerprintOf(schema),
      peers: JSON.stringify([engine, applied]),
      entities: entities && (await entityStatements(place, entities)),
    };
  } catch (error) {
    return { ...unread(shard.name), failure: failureOf(error) };
  } finally {
    await connection?.end().catch(() => connection?.destroy());
  }
}

function compared(one: Seen, all: readonly Seen[]): ShardDrift {
  const { shard, fingerprint, entities } = one;
  const own = { ...unread(shard.name), fingerprint, entities };
  const peers = all.filter((other) => other.peers === one.peers);
  if (peers.length === 1) return { ...own, state: 'alone' };
  const sizeOf = ({ fingerprint: text }: Seen) =>
    peers.filter((other) => other.fingerprint === text).length;
  const measure = peers.find((peer) => sizeOf(peer) * 2 > peers.length);
  if (measure?.fingerprint === fingerprint) return { ...own, state: 'same' };
  const sibling = measure ?? peers.find((peer) => peer.fingerprint !== fingerprint);
  const differences = sibling === undefined ? [] : differencesOf(one.schema, sibling.schema);
  return {
    ...own,
    state: measure === undefined ? 'undecided' : 'different',
    sibling: sibling?.shard.name,
    differences,
    repair: sibling === undefined ? [] : repairStatements(differences, one.schema, sibling.schema),
  };
}

function unread(shard: string): ShardDrift {
  return {
    shard,
    state: 'unreadable',
    fingerprint: undefined,
    sibling: undefined,
    differences: [],
    repair: [],
    entities: undefined,
    failure: undefined,
  };
}
