import {
  outsideContext,
  type LockFile,
  type ShardTenant,
  type ShardTenantChange,
  type ShardTenants,
  type ShardTenantState,
  type Topology,
} from '@switchyard/shard-context';
import {
  explainFailure,
  FleetPools,
  isConnectionLost,
  type PooledConnection,
  type PoolOptions,
} from '@switchyard/mysql/internal';
import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise';
import { ShardTenantConflictError } from '../fence/fence-errors.ts';
import { freezeRow } from './freeze.ts';
import { LockHolders } from './lock-holders.ts';

const DEFAULT_DEADLINE_MS = 30_000;
/** Switches are rare and come in bursts: connections are kept for the next step, not for long. */
const IDLE_MS = 5_000;

/** What a `ShardTenantTable` is made of. */
export interface ShardTenantTableOptions {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  /** Limits of its own few connections. Default: closed after 5,000 idle ms. */
  readonly pool?: Omit<PoolOptions, 'driverOptions'>;
}

/** A change of a tenant's record: from one state and epoch to another. */
interface Step {
  readonly verb: string;
  readonly from: ShardTenantState;
  readonly to: ShardTenantState;
  readonly movedTo?: string;
}

/**
 * The tenants' records on the shards, `shard_tenant`: what the fence reads. Every change is a
 * compare-and-set on state and epoch; repeated after a kill it answers as if it had just been done.
 * For the directory, operators' tools and the mover; it uses connections of its own and no context.
 */
export class ShardTenantTable implements ShardTenants {
  readonly #topology: Topology;
  readonly #pools: FleetPools;

  constructor(options: ShardTenantTableOptions) {
    this.#topology = options.topology;
    this.#pools = new FleetPools(options.lockFile, { idleMs: IDLE_MS, ...options.pool });
  }

  /** @throws ShardUnavailableError, as every method */
  read(shard: string, tenant: string): Promise<ShardTenant | undefined> {
    return this.#on(shard, (connection) => readRow(connection, tenant));
  }

  /**
   * @throws TenantNameRefusedError, ShardTenantConflictError where the shard has another record of
   *   the tenant
   */
  async admit(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    this.#topology.tenantNames.check('admit a tenant', tenant);
    return this.#on(shard, async (connection) => {
      await connection.query(
        "INSERT IGNORE INTO shard_tenant (tenant, stripe, state, epoch) VALUES (?, 0, 'active', ?)",
        [tenant, epoch],
      );
      const found = await readRow(connection, tenant);
      if (found?.state === 'active' && found.epoch === epoch) return found;
      const expected = `none, or active at epoch ${epoch}`;
      throw new ShardTenantConflictError('admit', { shard, tenant, expected, found });
    });
  }

  /**
   * A tenant that lived here before comes back by a higher epoch.
   * @throws TenantNameRefusedError, ShardTenantConflictError where the tenant lives on the shard
   */
  async expect(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    this.#topology.tenantNames.check('expect a tenant', tenant);
    return this.#on(shard, async (connection) => {
      await connection.query(
        "INSERT IGNORE INTO shard_tenant (tenant, stripe, state, epoch) VALUES (?, 0, 'incoming', ?)",
        [tenant, epoch],
      );
      await connection.query(
        `UPDATE shard_tenant SET state = 'incoming', epoch = ?, moved_to = NULL
          WHERE tenant = ? AND state IN ('incoming', 'moved') AND epoch < ?`,
        [epoch, tenant, epoch],
      );
      const found = await readRow(connection, tenant);
      if (found?.state === 'incoming' && found.epoch === epoch) return found;
      const expected = `none, or incoming or moved at an epoch below ${epoch}`;
      throw new ShardTenantConflictError('expect', { shard, tenant, expected, found });
    });
  }

  /**
   * Waits for the tenant's open transactions; others wait for it a second at most, and not at all
   * behind a transaction that is seen to be long. `deadlineMs`: default 30,000.
   * @throws TenantBusyError (retryable; nothing was changed), ShardTenantConflictError
   */
  async freeze(
    change: ShardTenantChange,
    options: { deadlineMs?: number } = {},
  ): Promise<ShardTenant> {
    const step: Step = { verb: 'freeze', from: 'active', to: 'frozen' };
    const already = await this.read(change.shard, change.tenant);
    if (already?.state === 'active' && already.epoch === change.fromEpoch) {
      await this.#freeze(change, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    }
    return this.#on(change.shard, (connection) => verified(connection, change, step));
  }

  /** @throws ShardTenantConflictError */
  thaw(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, { verb: 'thaw', from: 'frozen', to: 'active' });
  }

  /** @throws ShardTenantConflictError */
  activate(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, { verb: 'activate', from: 'incoming', to: 'active' });
  }

  /** @throws ShardTenantConflictError */
  retire(change: ShardTenantChange & { readonly movedTo: string }): Promise<ShardTenant> {
    const { movedTo } = change;
    return this.#change(change, { verb: 'retire', from: 'frozen', to: 'moved', movedTo });
  }

  /** Closes its connections. */
  close(): Promise<void> {
    return this.#pools.close();
  }

  #change(change: ShardTenantChange, step: Step): Promise<ShardTenant> {
    return this.#on(change.shard, async (connection) => {
      await connection.query<ResultSetHeader>(
        `UPDATE shard_tenant SET state = ?, epoch = ?, moved_to = ?
          WHERE tenant = ? AND state = ? AND epoch = ?`,
        [step.to, change.toEpoch, step.movedTo ?? null, change.tenant, step.from, change.fromEpoch],
      );
      return verified(connection, change, step);
    });
  }

  async #freeze(change: ShardTenantChange, deadlineMs: number): Promise<void> {
    const { engine } = this.#topology.shard(change.shard).server;
    await this.#on(change.shard, (waiting, pooled) =>
      this.#on(change.shard, async (watching) => {
        pooled.tainted = true; // its lock wait is shortened
        const holders = new LockHolders(watching, engine, change.tenant);
        await freezeRow({ waiting, watching, holders }, change, deadlineMs);
      }),
    );
  }

  async #on<T>(
    shardName: string,
    work: (connection: Connection, pooled: PooledConnection) => Promise<T>,
  ): Promise<T> {
    const shard = this.#topology.shard(shardName);
    return outsideContext(async () => {
      const { connection } = await this.#pools.acquire(shard, 'writer');
      try {
        return await work(connection.promise(), connection);
      } catch (error) {
        connection.tainted = true; // a transaction may be open
        if (!isConnectionLost(error)) throw error;
        connection.broken = true;
        throw explainFailure(error, shard);
      } finally {
        connection.release();
      }
    });
  }
}

async function readRow(connection: Connection, tenant: string): Promise<ShardTenant | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT state, epoch, moved_to FROM shard_tenant WHERE tenant = ? AND stripe = 0',
    [tenant],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return Object.freeze({
    tenant,
    state: row['state'] as ShardTenantState,
    epoch: Number(row['epoch']),
    movedTo: (row['moved_to'] as string | null) ?? undefined,
  });
}

/** The row after a change, which may have been made before: the end is what counts. */
async function verified(
  connection: Connection,
  change: ShardTenantChange,
  step: Step,
): Promise<ShardTenant> {
  const { shard, tenant, fromEpoch, toEpoch } = change;
  const found = await readRow(connection, tenant);
  if (found?.state === step.to && found.epoch === toEpoch && found.movedTo === step.movedTo) {
    return found;
  }
  const expected = `${step.from} at epoch ${fromEpoch}`;
  throw new ShardTenantConflictError(step.verb, { shard, tenant, expected, found });
}
