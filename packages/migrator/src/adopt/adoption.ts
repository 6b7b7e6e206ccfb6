import type { Connection } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';
import { escapeIdentifier } from '@switchyard/mysql';
import type { LockFile, SessionDefinition, Shard, Topology } from '@switchyard/shard-context';
import type { Fleet } from '../rollout/fleet.ts';
import { rowsOf } from '../server/connection.ts';
import { readMigrationRows } from '../ledger/ledger.ts';
import { floorsAbove, idCeilings, type IdFloor } from '../prepare/id-floors.ts';
import { surveyShard } from '../prepare/survey.ts';
import { withConnection } from '../prepare/with-connection.ts';
import type { OpenShard } from '../rollout/shard-session.ts';
import { AdoptionRefusedError } from './adopt-errors.ts';
import { tenantColumns } from '../lint/tenant-columns.ts';
import { sessionToKeep } from './session-to-keep.ts';
import { narrowIds, type NarrowId } from './narrow-ids.ts';
import { readTenants, type TenantSource } from './tenant-source.ts';
import { refuseNames, refuseUnsoundNames } from './tenants-in-tables.ts';

/** What `readAdoption` and `adopt` need. */
export interface AdoptRequest {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  readonly fleet: Fleet;
  /** Opens a connection without checking who answers: no one is identified yet. */
  readonly openUnchecked: OpenShard;
  /** Where the tenants come from. */
  readonly tenants: TenantSource;
  /** The application's entities, whose tenant columns are looked at. Default: none. */
  readonly entities?: DataSourceOptions['entities'];
  /** TypeORM's record of what ran. Default `migrations`. */
  readonly migrationsTable?: string;
  /** The directory: its tables are made, and each tenant is assigned to the shard. */
  readonly directory?:
    | { prepare(): Promise<void>; assign?(tenant: string, to: { shard: string }): Promise<unknown> }
    | undefined;
}

/** A migration that TypeORM has run here. */
export interface BaselineMigration {
  readonly name: string;
  /** Checksum of its file, where the config still has one. */
  readonly checksum: string | null;
}

/** All that an adoption would write, and what it found. Nothing is changed by reading it. */
export interface Adoption {
  readonly shard: Shard;
  /** The uuid of the database, where it has one already. */
  readonly uuid: string | undefined;
  /** True where an earlier adoption is complete. */
  readonly isComplete: boolean;
  readonly tables: readonly string[];
  readonly baseline: readonly BaselineMigration[];
  /** Migrations of the config that have not run here; `migrate` will run them. */
  readonly pending: readonly string[];
  readonly tenants: readonly string[];
  readonly floors: readonly IdFloor[];
  /** Ids that are too narrow to be interleaved: widen them before a second shard is made. */
  readonly narrowIds: readonly NarrowId[];
  /** What its sessions have today, which the lock file keeps so that they have it tomorrow. */
  readonly session: SessionDefinition;
}

/** The ledger row that marks an adoption as begun and as done. */
export const ADOPTION = '(adoption)';

/**
 * Looks at the database that is to become the first shard. Nothing is changed.
 * @throws AdoptionRefusedError where it cannot be adopted, or the tenants cannot be read
 */
export async function readAdoption(request: AdoptRequest): Promise<Adoption> {
  const [shard, second] = request.topology.shards;
  if (shard === undefined || second !== undefined) {
    throw new AdoptionRefusedError(
      shard?.name ?? 'none',
      `the topology has ${request.topology.shards.length} shards, and a database is adopted as the only one`,
      'Declare that one shard, adopt it, then add the others and use `switchyard prepare`',
    );
  }
  return withConnection(request.openUnchecked, shard, (connection) =>
    look(request, shard, connection),
  );
}

async function look(
  request: AdoptRequest,
  shard: Shard,
  connection: Connection,
): Promise<Adoption> {
  const { tables, uuid } = await surveyShard(shard, connection);
  const marked = await adoptionState(connection, shard.name);
  const table = request.migrationsTable ?? 'migrations';
  const baseline = await readBaseline(request, shard.name, connection, tables, table);
  const done = new Set(baseline.map(({ name }) => name));
  const own = tables.filter((name) => name !== table);
  const tenants = await readTenants(connection, request.tenants, shard.name);
  if (marked !== 'done') await refuseTenants(request, shard, connection, tenants);
  return {
    shard,
    uuid,
    isComplete: marked === 'done',
    tables: own,
    baseline,
    pending: request.fleet.migrations.filter(({ name }) => !done.has(name)).map(({ name }) => name),
    tenants,
    floors: floorsAbove(await idCeilings(connection, own)),
    narrowIds: await narrowIds(connection, own),
    session: await sessionToKeep(connection, shard, request.lockFile),
  };
}

/** @throws AdoptionRefusedError, DeclarationInvalidError */
async function refuseTenants(
  { topology: { tenantNames }, entities }: AdoptRequest,
  shard: Shard,
  connection: Connection,
  tenants: readonly string[],
): Promise<void> {
  const columns = await tenantColumns(entities, shard.server.engine, tenantNames);
  refuseNames(tenants, tenantNames, { shard: shard.name, where: 'the list of tenants' });
  await refuseUnsoundNames(connection, columns, tenantNames, shard.name);
}

async function adoptionState(connection: Connection, shard: string): Promise<string | undefined> {
  try {
    const rows = await readMigrationRows(connection, shard);
    return rows.find(({ migration }) => migration === ADOPTION)?.state;
  } catch (error) {
    if ((error as { code?: string }).code === 'LEDGER_MISSING') return undefined;
    throw error;
  }
}

/** TypeORM's rows, oldest first. @throws AdoptionRefusedError where the table is missing */
async function readBaseline(
  { fleet }: AdoptRequest,
  shard: string,
  connection: Connection,
  tables: readonly string[],
  table: string,
): Promise<BaselineMigration[]> {
  if (!tables.includes(table)) {
    throw new AdoptionRefusedError(
      shard,
      `it has no table ${table}, in which TypeORM notes what has run`,
      'Name the table with --migrations-table, or use `switchyard prepare` for a new database',
    );
  }
  const rows = await rowsOf<{ name: string }>(
    connection,
    `SELECT name FROM ${escapeIdentifier(table)} ORDER BY id`,
  );
  const checksums = new Map(fleet.migrations.map(({ name, checksum }) => [name, checksum]));
  return rows.map(({ name }) => ({ name, checksum: checksums.get(name) ?? null }));
}
