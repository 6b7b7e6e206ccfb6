import {
  outsideContext,
  type Arrival,
  type FoundShardTenant,
  type Freeze,
  type ListShardTenants,
  type LockFile,
  type Seal,
  type ShardTenant,
  type ShardTenantChange,
  type ShardTenants,
  type Topology,
} from '@switchyard/shard-context';
import {
  explainFailure,
  explainGrant,
  FleetPools,
  isConnectionLost,
  type PooledConnection,
  type PoolOptions,
} from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { changeRow } from '../fence/change-row.ts';
import { ShardTenantConflictError } from '../fence/fence-errors.ts';
import { listRows, readRow } from '../fence/tenant-row.ts';
import { freezeRow } from './freeze.ts';
import { LockHolders } from './lock-holders.ts';
import { admitTenant, expectTenant, renewLease, sealTenant } from './mover-steps.ts';
import { STEPS, takeStep, type Step } from './placement-steps.ts';

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

/**
 * The tenants' records on the shards, `shard_tenant`: what the fence reads. Every change is a
 * compare-and-set on state and epoch, and where a mover makes it, on its token; repeated after a
 * kill it answers as if it had just been done. For the directory, operators' tools and the mover; it
 * uses connections of its own and no context.
 */
export class ShardTenantTable implements ShardTenants {
  readonly #topology: Topology;
  readonly #pools: FleetPools;
  readonly #lockFile: LockFile;

  constructor(options: ShardTenantTableOptions) {
    this.#topology = options.topology;
    this.#lockFile = options.lockFile;
    this.#pools = new FleetPools(options.lockFile, { idleMs: IDLE_MS, ...options.pool });
  }

  /** @throws ShardUnavailableError, as every method */
  read(shard: string, tenant: string): Promise<ShardTenant | undefined> {
    return this.#on(shard, (connection) => readRow(connection, tenant));
  }

  /** A page of the shard's records; `after` the last name gives the next one. */
  list(shard: string, options: ListShardTenants = {}): Promise<ShardTenant[]> {
    return this.#on(shard, (connection) => listRows(connection, options));
  }

  /**
   * Asks all shards at once.
   * @throws ShardsNotDeclaredError, and where one of them does not answer
   */
  async find(tenant: string): Promise<FoundShardTenant[]> {
    await this.#lockFile.checkDeclared('look for a tenant on all shards', this.#topology);
    const asked = this.#topology.shards.map(async ({ name: shard }) => {
      const row = await this.read(shard, tenant);
      return row === undefined ? [] : [{ shard, row }];
    });
    return (await Promise.all(asked)).flat();
  }

  /**
   * @throws TenantNameRefusedError, ShardTenantConflictError where the shard has another record of
   *   the tenant
   */
  async admit(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    this.#topology.tenantNames.check('admit a tenant', tenant);
    const found = await this.#change({ shard, tenant }, (connection) =>
      admitTenant(connection, tenant, epoch),
    );
    if (found?.state === 'active' && found.epoch === epoch) return found;
    throw conflict('admit', { shard, tenant }, `none, or active at epoch ${epoch}`, found);
  }

  /**
   * A tenant that lived here before comes back by a higher epoch. The place of another mover is
   * taken once its lease is over, by a higher epoch too: what that mover may still do in the
   * directory can then not make active what this one has begun to copy.
   * @throws TenantNameRefusedError, ShardTenantConflictError where the tenant lives on the shard or another mover brings it
   */
  async expect(arrival: Arrival): Promise<ShardTenant> {
    const { shard, tenant, epoch, mover } = arrival;
    this.#topology.tenantNames.check('expect a tenant', tenant);
    const renewed = await this.#on(shard, (connection) =>
      renewLease(connection, 'incoming', arrival),
    );
    if (renewed !== undefined) return renewed;
    const found = await this.#change(arrival, (connection) => expectTenant(connection, arrival));
    const isOurs = found?.state === 'incoming' && found.epoch === epoch && found.mover === mover;
    if (isOurs) return found;
    const expected = `none, moved or removed at an epoch below ${epoch}, or incoming by this mover`;
    throw conflict('expect', arrival, expected, found);
  }

  /**
   * Waits for the tenant's open transactions; others wait for it a second at most, and not at all
   * behind a transaction that is seen to be long. `deadlineMs`: default 30,000. The time that the
   * freeze holds begins when it is made; made again it is not longer.
   * @throws TenantBusyError (retryable; nothing was changed), ShardTenantConflictError also where
   *   another mover froze the tenant
   */
  async freeze(freeze: Freeze, options: { deadlineMs?: number } = {}): Promise<ShardTenant> {
    const { shard, tenant, fromEpoch, toEpoch, mover } = freeze;
    const already = await this.read(shard, tenant);
    if (already?.state === 'active' && already.epoch === fromEpoch) {
      await this.#freeze(freeze, options.deadlineMs ?? DEFAULT_DEADLINE_MS);
    }
    const found = await this.read(shard, tenant);
    const isOurs = found?.state === 'frozen' && found.epoch === toEpoch && found.mover === mover;
    if (isOurs) return found;
    throw conflict('freeze', freeze, `active at epoch ${fromEpoch}`, found);
  }

  /** @throws ShardTenantConflictError also past the deadline, and for another mover */
  async seal(seal: Seal): Promise<ShardTenant> {
    const { shard, epoch, mover } = seal;
    const renewed = await this.#on(shard, (connection) => renewLease(connection, 'sealed', seal));
    if (renewed !== undefined) return renewed;
    const found = await this.#change(seal, (connection) => sealTenant(connection, seal));
    const isOurs = found?.state === 'sealed' && found.epoch === epoch && found.mover === mover;
    if (isOurs) return found;
    const expected = `frozen at epoch ${epoch} by this mover, and not past the deadline`;
    throw conflict('seal', seal, expected, found);
  }

  /** @throws ShardTenantConflictError */
  thaw(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#step(change, STEPS.thaw);
  }

  /** @throws ShardTenantConflictError */
  activate(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#step(change, STEPS.activate);
  }

  /** @throws ShardTenantConflictError */
  retire(change: ShardTenantChange & { readonly movedTo: string }): Promise<ShardTenant> {
    return this.#step(change, STEPS.retire);
  }

  /** @throws ShardTenantConflictError */
  remove(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#step(change, STEPS.remove);
  }

  /** Closes its connections. A second call does nothing. */
  close(): Promise<void> {
    return this.#pools.close();
  }

  /** The end of `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #step(
    change: ShardTenantChange & { readonly movedTo?: string },
    step: Step,
  ): Promise<ShardTenant> {
    const found = await this.#change(change, (connection) => takeStep(connection, change, step));
    const { fromEpoch, toEpoch, movedTo } = change;
    const isDone = found?.state === step.to && found.epoch === toEpoch && found.movedTo === movedTo;
    if (isDone) return found;
    const expected = `${step.from.join(' or ')} at epoch ${fromEpoch}`;
    throw conflict(step.verb, change, expected, found);
  }

  /** The row after a change, which may have been made before: the end is what counts. */
  #change(
    at: { readonly shard: string; readonly tenant: string },
    change: (connection: Connection) => Promise<boolean>,
  ): Promise<ShardTenant | undefined> {
    return this.#on(at.shard, async (connection) => {
      await changeRow(connection, at, () => change(connection));
      return readRow(connection, at.tenant);
    });
  }

  async #freeze(freeze: Freeze, deadlineMs: number): Promise<void> {
    const { engine } = this.#topology.shard(freeze.shard).server;
    await this.#on(freeze.shard, (waiting, pooled) =>
      this.#on(freeze.shard, async (watching) => {
        pooled.tainted = true; // its lock wait is shortened
        const holders = new LockHolders(watching, engine, freeze.tenant);
        await freezeRow({ waiting, watching, holders }, freeze, deadlineMs);
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
        if (!isConnectionLost(error)) throw explainGrant(error, 'use shard_tenant', shardName);
        connection.broken = true;
        throw explainFailure(error, shard);
      } finally {
        connection.release();
      }
    });
  }
}

function conflict(
  verb: string,
  { shard, tenant }: { readonly shard: string; readonly tenant: string },
  expected: string,
  found: ShardTenant | undefined,
): ShardTenantConflictError {
  return new ShardTenantConflictError(verb, { shard, tenant, expected, found });
}
