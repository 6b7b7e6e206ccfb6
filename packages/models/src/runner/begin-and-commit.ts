import type { Place } from '@switchyard/shard-context';
import {
  explainGrant,
  failureText,
  isConnectionLost,
  isServerError,
  type PooledConnection,
  ServerError,
  ShardNotIdentifiableError,
  wasNotSent,
} from '@switchyard/mysql/internal';
import type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel.js';
import { fenceRefusal } from '../fence/fence-errors.ts';
import { FENCE_PROCEDURE } from '../fence/fence-tables.ts';
import { OutcomeUnknownError, TransactionPoisonedError } from './runner-errors.ts';

/** The only stripe of a tenant today; more are for tenants that one row's lock cannot carry. */
const STRIPE = 0;

/** How a runner's transaction statements reach its connection. */
export interface Sender {
  readonly place: Place;
  send(sql: string, parameters?: unknown[]): Promise<unknown>;
  connection(): PooledConnection | undefined;
}

/** How a transaction is to begin. */
export interface Beginning {
  /** Default: the server's. */
  readonly level: IsolationLevel | undefined;
  readonly readOnly: boolean;
}

/**
 * Begins a transaction: a tenant's by the fence procedure, which takes the place of START
 * TRANSACTION and costs no further trip.
 * @throws StaleRouteError, TenantFrozenError, TenantNotOnShardError; nothing is open then
 */
export async function beginTransaction(sender: Sender, beginning: Beginning): Promise<void> {
  const { level, readOnly } = beginning;
  // For the next transaction only: the one that the procedure starts.
  if (level !== undefined) await sender.send(`SET TRANSACTION ISOLATION LEVEL ${level}`);
  const { shard, tenant, epoch } = sender.place;
  if (readOnly) await sender.send('START TRANSACTION READ ONLY');
  else if (tenant === undefined) await sender.send('START TRANSACTION');
  else await callFence(sender, { shard, tenant, epoch: epoch ?? 0 });
}

async function callFence(
  sender: Sender,
  route: { shard: string; tenant: string; epoch: number },
): Promise<void> {
  try {
    await sender.send(`CALL ${FENCE_PROCEDURE}(?, ?, ?)`, [route.tenant, STRIPE, route.epoch]);
  } catch (error) {
    const connection = sender.connection();
    // An isolation level may be left for the next transaction, which is someone else's.
    if (connection !== undefined) connection.tainted = true;
    if (connection !== undefined && isConnectionLost(error)) connection.broken = true;
    throw explain(error, route);
  }
}

function explain(error: unknown, route: { shard: string; tenant: string; epoch: number }): unknown {
  if (isServerError(error, ServerError.ER_SP_DOES_NOT_EXIST)) {
    const reason = `the database has no procedure ${FENCE_PROCEDURE}`;
    return new ShardNotIdentifiableError(route.shard, reason, { cause: error });
  }
  const refusal = fenceRefusal(failureText(error), route, error);
  return refusal ?? explainGrant(error, 'begin a transaction', route.shard);
}

/**
 * Commits.
 * @throws OutcomeUnknownError where the connection was lost before the answer
 */
export async function commitTransaction(sender: Sender, attempted: string): Promise<void> {
  try {
    await sender.send('COMMIT');
  } catch (error) {
    const connection = sender.connection();
    if (connection !== undefined) connection.broken = true;
    const { shard } = sender.place;
    if (wasNotSent(error)) throw new TransactionPoisonedError(attempted, shard, error);
    if (isConnectionLost(error)) throw new OutcomeUnknownError(attempted, shard, error);
    throw error;
  }
}
