import type { Connection } from 'mysql2/promise';
import pLimit, { type LimitFunction } from 'p-limit';
import { entityColumns, type EntityColumns } from '../lint/entity-columns.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';
import { digestOf, readDefinition } from '../recording/definition.ts';
import { recordMigration } from '../recording/record-migration.ts';
import { readTableNames, ScratchSchema } from '../recording/scratch-schema.ts';
import { readServerFacts, serverKey, type ServerFacts } from '../server/server-facts.ts';
import { makeStrict, setMode } from '../server/strict-session.ts';
import { blockersOf } from './blockers.ts';
import { bindDraft } from './bind-draft.ts';
import { DraftContext, type EarlierChanges } from './draft-context.ts';
import { draftMigration } from './draft-migration.ts';
import type { Draft } from './draft.ts';
import type { Direction, ShardPlan } from '../plan/plan.ts';
import { RowVersions } from './row-versions.ts';
import type {
  Planner,
  PlannerOptions,
  PlanPolicy,
  PlanRequest,
  PlanShard,
} from '../plan/planner.ts';

/** Drafts of some migrations, and the definitions that they rest on. */
interface DraftSet {
  readonly drafts: readonly Draft[];
  /** Digests by table; undefined where the table must not exist. */
  readonly tables: ReadonlyMap<string, string | undefined>;
  /** Names of all tables, where the migration asked which there are. */
  readonly names: string | undefined;
  readonly scratchName: string;
}

/** What a shard brings to planning. */
interface Visit extends PlanShard {
  readonly facts: ServerFacts;
  readonly migrations: readonly MigrationFile[];
  readonly direction: Direction;
  readonly withoutInstant: ReadonlySet<string>;
  readonly onMigration: PlanRequest['onMigration'];
}

/** Makes a planner for one planning session over a fleet. */
export function createPlanner(options: PlannerOptions = {}): Planner {
  return new FleetPlanner(options);
}

class FleetPlanner implements Planner {
  readonly #options: PlannerOptions;
  readonly #policy: Required<PlanPolicy>;
  readonly #allow: ReadonlySet<string>;
  readonly #known = new Map<string, DraftSet[]>();
  readonly #versions = new RowVersions();
  readonly #turns = new Map<string, LimitFunction>();
  #entities: Promise<EntityColumns> | undefined;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#policy = {
      smallTableRows: 1000,
      dataRows: 10_000,
      rebuild: 'allow',
      probeSeconds: 60,
      native: true,
      ...options.policy,
    };
    this.#allow = new Set(options.allow ?? []);
  }

  async plan(shard: PlanShard, request: PlanRequest): Promise<ShardPlan[]> {
    if (request.migrations.length === 0) return [];
    const zeroDates = [...this.#allow].some((flag) => flag.startsWith('zero-dates:'));
    const mode = await makeStrict(shard.connection, { zeroDates });
    try {
      return await this.#plan(shard, request);
    } finally {
      await setMode(shard.connection, mode).catch(() => undefined); // a lost one
    }
  }

  async #plan(shard: PlanShard, request: PlanRequest): Promise<ShardPlan[]> {
    const facts = await readServerFacts(shard.connection);
    const direction = request.direction ?? 'up';
    const { migrations, onMigration } = request;
    const withAll = { migrations, direction, onMigration, withoutInstant: new Set<string>() };
    const visit: Visit = { ...shard, facts, ...withAll };
    const set = await this.#draftsFor(visit);
    const withoutInstant = await this.#versions.withoutAny(shard.connection, facts, set.drafts);
    if (withoutInstant.size === 0) return this.#bind(visit, set);
    const otherwise = { ...visit, withoutInstant };
    return this.#bind(otherwise, await this.#draftsFor(otherwise));
  }

  async #bind(visit: Visit, set: DraftSet): Promise<ShardPlan[]> {
    const { connection, facts, shard, migrations, direction } = visit;
    const { scratchName } = set;
    const changedObjects = new Set<string>();
    const policy = this.#policy;
    const bound = { connection, facts, policy, allow: this.#allow, scratchName, changedObjects };
    const fingerprint = digestOf(JSON.stringify([...set.tables].sort())) ?? '';
    const plans: ShardPlan[] = [];
    for (const [i, draft] of set.drafts.entries()) {
      const { steps, refusals } = await bindDraft(bound, draft);
      const look = this.#options.blockers !== false;
      plans.push({
        shard,
        migration: draft.migration,
        checksum: migrations[i]?.checksum ?? '',
        direction,
        steps,
        refusals,
        blockers: look ? await blockersOf(connection, facts, steps) : [],
        fingerprint,
        serverVersion: facts.version,
      });
    }
    return plans;
  }

  /** One shard at a time records; those that are like it wait for what it finds. */
  async #draftsFor(visit: Visit): Promise<DraftSet> {
    const names = visit.migrations.map((migration) => migration.name);
    const parts = [
      serverKey(visit.facts),
      visit.direction,
      names,
      [...visit.withoutInstant].sort(),
    ];
    const key = JSON.stringify(parts);
    const known = await this.#knownFor(visit.connection, key);
    if (known !== undefined) return known;
    let turn = this.#turns.get(key);
    if (turn === undefined) this.#turns.set(key, (turn = pLimit(1)));
    return turn(async () => {
      const meanwhile = await this.#knownFor(visit.connection, key);
      if (meanwhile !== undefined) return meanwhile;
      const set = await this.#record(visit);
      const readsData = set.drafts.some((draft) => draft.dataReads.length > 0);
      if (!readsData) this.#known.set(key, [...(this.#known.get(key) ?? []), set]);
      return set;
    });
  }

  async #knownFor(connection: Connection, key: string): Promise<DraftSet | undefined> {
    const digests = new Map<string, string | undefined>();
    for (const set of this.#known.get(key) ?? []) {
      if (await fits(connection, set, digests)) return set;
    }
    return undefined;
  }

  async #record(visit: Visit): Promise<DraftSet> {
    const { shard, connection, facts } = visit;
    const scratch = await ScratchSchema.open(shard, connection, facts);
    try {
      const drafts: Draft[] = [];
      const earlier = {
        made: new Set<string>(),
        rowsChanged: new Set<string>(),
        addedColumns: new Map(),
      };
      for (const [i, migration] of visit.migrations.entries()) {
        visit.onMigration?.(migration.name, i + 1, visit.migrations.length);
        drafts.push(await this.#draft(visit, scratch, migration, earlier));
      }
      const tables = new Map<string, string | undefined>();
      for (const [table, definition] of scratch.seen) tables.set(table, digestOf(definition));
      const names = scratch.sawAll ? [...(await scratch.shardTables())].join() : undefined;
      return { drafts, tables, names, scratchName: scratch.name };
    } finally {
      await scratch.close();
    }
  }

  async #draft(
    visit: Visit,
    scratch: ScratchSchema,
    migration: MigrationFile,
    earlier: EarlierChanges,
  ): Promise<Draft> {
    const { shard, direction, withoutInstant } = visit;
    const { entities } = this.#options;
    const recording = await recordMigration(scratch, shard, migration, direction, entities);
    const wanted = await scratch.definitions();
    await scratch.reset();
    const context = new DraftContext({
      scratch,
      migration,
      direction,
      withoutInstant,
      earlier,
      policy: this.#policy,
      allow: this.#allow,
      entities: await (this.#entities ??= entityColumns(entities, scratch.facts.engine)),
    });
    const draft = await draftMigration(context, recording, wanted);
    await scratch.keep();
    return draft;
  }
}

async function fits(
  connection: Connection,
  set: DraftSet,
  digests: Map<string, string | undefined>,
): Promise<boolean> {
  if (set.names !== undefined && set.names !== [...(await readTableNames(connection))].join()) {
    return false;
  }
  for (const [table, digest] of set.tables) {
    if (!digests.has(table)) digests.set(table, digestOf(await readDefinition(connection, table)));
    if (digests.get(table) !== digest) return false;
  }
  return true;
}
