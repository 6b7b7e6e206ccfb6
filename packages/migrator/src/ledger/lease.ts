import type { Connection } from 'mysql2/promise';
import { changedBy, rowsOf } from '../server/connection.ts';
import {
  LeaseHeldError,
  LeaseLostError,
  LedgerMissingError,
  ShardBusyError,
} from './ledger-errors.ts';
import type { Author } from './ledger.ts';
import { killConnection, LOCK_NAME, lockHolder, lockServer } from './server-lock.ts';
import { readable } from './tables.ts';

/** How long the server may take to give a killed connection's lock free. */
const FREED_WITHIN_S = 5;

/** What operators asked of a shard's rollout. */
export type Control = 'run' | 'pause' | 'abort';

/** The row of `shard_lease`. */
export interface LeaseRow {
  readonly token: number;
  readonly rollout: string | null;
  readonly who: string | null;
  readonly takenAt: Date | null;
  readonly expiresAt: Date | null;
  /**
   * True while the holder is at work: its lease has not run out, by the server's clock, and its
   * connection has the server's lock, which a killed process loses at once.
   */
  readonly held: boolean;
  /** What the holder was told to do, as its command line said it. JSON. */
  readonly options: string | null;
  readonly control: Control;
  readonly controlBy: string | null;
  readonly controlAt: Date | null;
  /** How long ago that was, by the server's clock, in milliseconds. */
  readonly controlAgeMs: number | null;
}

/** How a lease is taken. */
export interface LeaseOptions {
  /** How long the lease lasts without being renewed. Default 30 s. */
  readonly leaseMs: number;
  /** Kept with the lease, so that `resume` goes on with the same options. JSON. */
  readonly options: string;
}

/** Never NULL. */
const HELD = `rollout IS NOT NULL AND expires_at IS NOT NULL AND expires_at > NOW(3)
  AND IS_USED_LOCK(${LOCK_NAME}) IS NOT NULL`;

const ROW = `SELECT token, rollout, who, taken_at AS takenAt, expires_at AS expiresAt,
  ${HELD} AS held, options, control,
  control_by AS controlBy, control_at AS controlAt,
  TIMESTAMPDIFF(MICROSECOND, control_at, NOW(3)) DIV 1000 AS controlAgeMs FROM shard_lease WHERE id = 1`;

/** The lease and control of a shard. @throws LedgerMissingError */
export async function readLease(connection: Connection, shard: string): Promise<LeaseRow> {
  const [row] = await readable(shard, () => rowsOf<LeaseRow>(connection, ROW));
  if (row === undefined) throw new LedgerMissingError(shard);
  const controlAgeMs = row.controlAgeMs === null ? null : Number(row.controlAgeMs);
  return { ...row, held: Boolean(row.held), controlAgeMs };
}

/**
 * Takes a shard: first the server's lock, which ends with the connection, then the lease. Whoever
 * has the lock is alone, so a lease that a killed run left behind is no obstacle. Returns the token
 * that every later write carries. A pause is no obstacle: the holder of a paused shard is the one that goes
 * on when it ends.
 * @throws LeaseHeldError, ShardBusyError, LedgerMissingError
 */
export async function takeLease(
  connection: Connection,
  shard: string,
  author: Author,
  { leaseMs, options }: LeaseOptions,
): Promise<number> {
  if (!(await lockServer(connection, 0))) await displaceHolder(connection, shard);
  const { id, rows } = await readable(shard, () =>
    changedBy(
      connection,
      `UPDATE shard_lease SET token = LAST_INSERT_ID(token + 1), rollout = ?, who = ?, options = ?,
         taken_at = NOW(3), expires_at = NOW(3) + INTERVAL ? MICROSECOND
       WHERE id = 1`,
      [author.rollout, author.who, options, leaseMs * 1000],
    ),
  );
  if (rows === 0) throw new LedgerMissingError(shard);
  return id;
}

/**
 * Another connection has the lock. Within its lease it is at work. Past it, a holder that idles is
 * a stopped process: it is cut off, so that what it does when it wakes up fails. One in the middle
 * of a statement is left alone, because killing a long ALTER costs a long rollback.
 */
async function displaceHolder(connection: Connection, shard: string): Promise<void> {
  const lease = await readLease(connection, shard);
  if (lease.held) {
    const until = lease.expiresAt?.toISOString() ?? 'it ends';
    throw new LeaseHeldError(shard, { who: lease.who ?? 'another run', until });
  }
  const holder = await lockHolder(connection);
  if (holder?.busy === true) throw new ShardBusyError(shard, holder.id, holder.seconds);
  if (holder !== undefined) await killConnection(connection, holder.id);
  if (await lockServer(connection, FREED_WITHIN_S)) return;
  throw new ShardBusyError(shard, holder?.id ?? 0, holder?.seconds ?? 0);
}

/** Makes the lease last `leaseMs` from now. @throws LeaseLostError */
export async function renewLease(
  connection: Connection,
  shard: string,
  token: number,
  leaseMs: number,
): Promise<void> {
  const { rows } = await changedBy(
    connection,
    `UPDATE shard_lease SET expires_at = NOW(3) + INTERVAL ? MICROSECOND
     WHERE id = 1 AND token = ? AND rollout IS NOT NULL`,
    [leaseMs * 1000, token],
  );
  if (rows === 0) throw new LeaseLostError(shard);
}

/** Gives the lease back. Someone else's is left alone. */
export async function releaseLease(connection: Connection, token: number): Promise<void> {
  await connection.query(
    'UPDATE shard_lease SET rollout = NULL, expires_at = NULL WHERE id = 1 AND token = ?',
    [token],
  );
}

/**
 * Takes an abort back where no one works, and only the one that was asked for at `askedAt`, where it
 * is given: a later request means another run.
 */
export async function clearAbort(
  connection: Connection,
  who: string,
  askedAt: Date | null = null,
): Promise<void> {
  await connection.query(
    `UPDATE shard_lease SET control = 'run', control_by = ?, control_at = NOW(3)
     WHERE id = 1 AND control = 'abort' AND control_at = COALESCE(?, control_at)
       AND NOT (${HELD})`,
    [who, askedAt],
  );
}

/** Writes what an operator asks for; a running rollout sees it before its next step. */
export async function setControl(
  connection: Connection,
  shard: string,
  control: Control,
  who: string,
): Promise<void> {
  await readable(shard, () =>
    connection.query(
      'UPDATE shard_lease SET control = ?, control_by = ?, control_at = NOW(3) WHERE id = 1',
      [control, who],
    ),
  );
}
