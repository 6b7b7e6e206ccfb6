import { prepareShard } from '@switchyard/models';
import { prepareSession, sessionOf } from '@switchyard/mysql/internal';
import type { LockFile, Shard, Topology } from '@switchyard/shard-context';
import type { Fleet } from '../rollout/fleet.ts';
import { prepareLedger } from '../ledger/tables.ts';
import { Budget } from '../rollout/budget.ts';
import type { OpenShard } from '../rollout/shard-session.ts';
import { withDefaults } from '../rollout/rollout-policy.ts';
import { bringSchema, type Brought, type SchemaSource } from './bring-schema.ts';
import {
  DatabaseInUseError,
  PrepareFailedError,
  SameDatabaseError,
  WritersNotInterleavedError,
} from './prepare-errors.ts';
import { findSchemaSource } from './schema-source.ts';
import { onSameDatabase, surveyShard, type Survey } from './survey.ts';
import { withConnection } from './with-connection.ts';

/** What `prepareFleet` needs. */
export interface PrepareRequest {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  /** The fleet as the other commands see it, for ledgers and policies. */
  readonly fleet: Fleet;
  /** Opens a connection without checking who answers: no one is identified yet. */
  readonly openUnchecked: OpenShard;
  /** The directory, whose own tables are made last. */
  readonly directory?: { prepare(): Promise<void> } | undefined;
  /** Says that no process gives out plain ids any more. Asked for by the second shard. */
  readonly allWritersInterleaved?: boolean;
  /** Makes databases that are missing. Default false. */
  readonly createDatabases?: boolean;
  /** How a new shard gets the schema of its siblings. Default `copy`. */
  readonly schema?: 'copy' | 'replay';
}

/** What `prepareFleet` tells while it works. */
export type PrepareEvent =
  | { readonly event: 'surveyed'; readonly shards: number }
  | { readonly event: 'shard-prepared'; readonly shard: string; readonly stamped: boolean }
  | {
      readonly event: 'schema-brought';
      readonly shard: string;
      readonly from: string;
      readonly tables: number;
      readonly migrations: number;
    }
  | {
      readonly event: 'id-floors-noted';
      readonly shard: string;
      readonly from: string;
      readonly floors: number;
    }
  | { readonly event: 'directory-prepared' }
  | { readonly event: 'lock-file-written'; readonly path: string };

/**
 * Makes Switchyard's tables on every shard, its directory and the lock file; brings new shards to
 * the schema of their siblings. Looks at all shards first and changes nothing where one is wrong.
 * Repeating it changes nothing; killed at any point, repeating it completes it.
 * @throws PrepareFailedError naming every shard and its remedy; WritersNotInterleavedError
 */
export async function prepareFleet(
  request: PrepareRequest,
  emit: (event: PrepareEvent) => void = () => undefined,
): Promise<void> {
  const shards = request.topology.shards;
  const budget = new Budget(withDefaults(request.fleet.policy));
  const surveys = await surveyAll(request, shards, budget);
  emit({ event: 'surveyed', shards: shards.length });
  await refuseSurveyed(request, surveys);
  await prepareAll(request, shards, budget, emit);
  emit({ event: 'lock-file-written', path: request.lockFile.path });
  const source = await findSchemaSource(request.fleet, shards, budget);
  if (source !== undefined) await bringAll(request, source, shards, emit);
  if (request.directory !== undefined) {
    await request.directory.prepare();
    emit({ event: 'directory-prepared' });
  }
}

async function surveyAll(
  request: PrepareRequest,
  shards: readonly Shard[],
  budget: Budget,
): Promise<Survey[]> {
  const settled = await Promise.allSettled(
    shards.map((shard) =>
      budget.run(shard, () =>
        request.createDatabases === true ? surveyOrMissing(request, shard) : survey(request, shard),
      ),
    ),
  );
  throwFailures(settled, false);
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** @throws SessionRefusedError where the shard cannot give sessions what the fleet declares */
function survey(request: PrepareRequest, shard: Shard): Promise<Survey> {
  return withConnection(request.openUnchecked, shard, async (connection) => {
    const found = await surveyShard(shard, connection);
    const session = await sessionOf(shard, request.lockFile);
    await prepareSession(connection, shard, { session });
    return found;
  });
}

/** A database that is to be made is new. */
async function surveyOrMissing(request: PrepareRequest, shard: Shard): Promise<Survey> {
  try {
    return await survey(request, shard);
  } catch (error) {
    if ((error as { code?: string }).code !== 'SHARD_DATABASE_MISSING') throw error;
    const serverMark = `${shard.server.writer.host}:${shard.server.writer.port}/${shard.database}`;
    return { shard, uuid: undefined, tables: [], serverMark };
  }
}

async function refuseSurveyed(request: PrepareRequest, surveys: readonly Survey[]): Promise<void> {
  const entries = await request.lockFile.entries();
  const failures: Error[] = [];
  for (const [i, survey] of surveys.entries()) {
    const twin = await twinOf(request, survey, surveys.slice(0, i));
    if (twin !== undefined) failures.push(twin);
    const { name } = survey.shard;
    if (survey.uuid === undefined && entries[name] === undefined && survey.tables.length > 0) {
      failures.push(new DatabaseInUseError(name, survey.tables));
    }
  }
  if (failures.length > 0) throw new PrepareFailedError(failures, false);
  refusePlainWriters(request, surveys, Object.keys(entries));
}

async function twinOf(
  request: PrepareRequest,
  survey: Survey,
  earlier: readonly Survey[],
): Promise<SameDatabaseError | undefined> {
  const { uuid, serverMark, shard } = survey;
  const sameUuid = earlier.find((other) => uuid !== undefined && other.uuid === uuid);
  if (sameUuid !== undefined) {
    return new SameDatabaseError(shard.name, sameUuid.shard.name, 'one identity');
  }
  const suspect = earlier.find((other) => other.serverMark === serverMark);
  if (suspect === undefined) return undefined;
  const same = await withConnection(request.openUnchecked, suspect.shard, (one) =>
    withConnection(request.openUnchecked, shard, (other) => onSameDatabase(one, other)),
  );
  return same ? new SameDatabaseError(shard.name, suspect.shard.name, 'two addresses') : undefined;
}

/** Asked once: when the fleet's only shard, which has rows, is about to get a sibling. */
function refusePlainWriters(
  request: PrepareRequest,
  surveys: readonly Survey[],
  prepared: readonly string[],
): void {
  const [first] = prepared;
  const added = surveys.find(({ shard }) => !prepared.includes(shard.name));
  if (request.allWritersInterleaved === true || prepared.length !== 1) return;
  if (first === undefined || added === undefined) return;
  const inUse = surveys.some(({ shard, tables }) => shard.name === first && tables.length > 0);
  if (inUse) throw new WritersNotInterleavedError(added.shard.name, first);
}

async function prepareAll(
  request: PrepareRequest,
  shards: readonly Shard[],
  budget: Budget,
  emit: (event: PrepareEvent) => void,
): Promise<void> {
  const settled = await Promise.allSettled(
    shards.map((shard) => budget.run(shard, () => prepareOne(request, shard, emit))),
  );
  throwFailures(settled, true);
}

async function prepareOne(
  request: PrepareRequest,
  shard: Shard,
  emit: (event: PrepareEvent) => void,
): Promise<void> {
  const { topology, lockFile, createDatabases = false } = request;
  request.fleet.atPoint?.('before-shard', shard.name);
  const { stamped } = await prepareShard({
    topology,
    lockFile,
    shard: shard.name,
    createDatabase: createDatabases,
  });
  request.fleet.atPoint?.('identity-stamped', shard.name);
  await withConnection(request.openUnchecked, shard, prepareLedger);
  request.fleet.atPoint?.('ledger-made', shard.name);
  emit({ event: 'shard-prepared', shard: shard.name, stamped });
}

async function bringAll(
  request: PrepareRequest,
  source: SchemaSource,
  shards: readonly Shard[],
  emit: (event: PrepareEvent) => void,
): Promise<void> {
  const failures: Error[] = [];
  for (const shard of shards) {
    if (shard.name === source.shard.name) continue;
    try {
      const brought = await bringSchema(request.fleet, source, shard, request.schema ?? 'copy');
      if (brought === undefined) continue;
      emit(broughtEvent(brought, shard.name, source.shard.name));
    } catch (error) {
      failures.push(error as Error);
    }
  }
  if (failures.length > 0) throw new PrepareFailedError(failures, true);
}

function broughtEvent(brought: Brought, shard: string, from: string): PrepareEvent {
  if (brought.how === 'replay') {
    return { event: 'id-floors-noted', shard, from, floors: brought.floors };
  }
  const { tables, migrations } = brought;
  return { event: 'schema-brought', shard, from, tables, migrations };
}

function throwFailures(settled: readonly PromiseSettledResult<unknown>[], changed: boolean): void {
  const failures = settled.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as Error] : [],
  );
  if (failures.length > 0) throw new PrepareFailedError(failures, changed);
}
