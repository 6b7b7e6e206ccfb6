import { SwitchyardError, printName } from './errors.ts';
import { describePlace, type Place } from './frame.ts';

/** Sharded work was attempted outside every shard context. No connection was taken. */
export class ShardContextMissingError extends SwitchyardError {
  static override readonly code = 'SHARD_CONTEXT_MISSING';
  constructor(attempted: string) {
    super({
      attempted,
      reason: 'no shard context is set, and Switchyard never guesses a shard',
      remedy:
        'Enter one through the middleware or job adapter, router.onKey(), router.onTenant() or context.onShard()',
    });
  }
}

/** The name is not a shard of the topology. Nothing ran. */
export class UnknownShardError extends SwitchyardError {
  static override readonly code = 'SHARD_UNKNOWN';
  constructor(attempted: string, shard: string, known: readonly string[]) {
    super({
      attempted,
      reason: `${printName(shard)} is not a shard of the topology (${known.join(', ')})`,
      remedy: 'Correct the name, or add the shard to the topology first',
    });
  }
}

/** The context is locked to one place, and code inside it asked for another. Nothing ran. */
export class ShardLockedError extends SwitchyardError {
  static override readonly code = 'SHARD_LOCKED';
  constructor(attempted: string, current: Place | undefined) {
    super({
      attempted,
      reason: `the context is locked to ${describePlace(current)}`,
      remedy: 'Stay on this place, or leave the lock by name: unlocked(reason, fn)',
    });
  }
}

/** A place was about to change inside an open transaction. Nothing ran. */
export class ShardSwitchInTransactionError extends SwitchyardError {
  static override readonly code = 'SHARD_SWITCH_IN_TRANSACTION';
  constructor(attempted: string, current: Place | undefined) {
    super({
      attempted,
      reason: `a transaction is open on ${describePlace(current)}, and nothing is atomic across shards`,
      remedy:
        'Finish the transaction first, or declare the work independent: { independentOfTransaction: true }',
    });
  }
}

/** The role is neither `writer` nor `reader`. Nothing ran. */
export class RoleUnknownError extends SwitchyardError {
  static override readonly code = 'ROLE_UNKNOWN';
  constructor(role: unknown) {
    super({
      attempted: 'enter a context',
      reason: `${printName(role)} is not a role`,
      remedy: 'Ask for "writer" or "reader"',
    });
  }
}

/** @throws RoleUnknownError; callers in JavaScript may pass any value */
export function refuseUnknownRole(role: unknown): void {
  if (role !== 'writer' && role !== 'reader') throw new RoleUnknownError(role);
}

/** A place of another fleet was used with this topology. */
export class FleetMismatchError extends SwitchyardError {
  static override readonly code = 'FLEET_MISMATCH';
  constructor(attempted: string, expected: string, seen: string) {
    super({
      attempted,
      reason: `the context belongs to fleet ${printName(seen)}, this side to fleet ${expected}`,
      remedy: 'Use the context, the data source and the jobs of one fleet together',
    });
  }
}
