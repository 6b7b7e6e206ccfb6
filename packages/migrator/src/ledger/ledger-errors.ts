import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The shard has no ledger, so nothing is known of what ran there. Nothing was changed. */
export class LedgerMissingError extends SwitchyardError {
  static override readonly code = 'LEDGER_MISSING';
  constructor(shard: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'read the ledger',
        shard,
        reason: 'it has none',
        remedy: 'Run `switchyard prepare`, or `switchyard adopt` for a database in use',
      },
      options,
    );
  }
}

/** The ledger was written by a release that is too far from this one. Nothing was changed. */
export class LedgerFormatError extends SwitchyardError {
  static override readonly code = 'LEDGER_FORMAT_UNKNOWN';
  constructor(shard: string, found: number, own: number) {
    super({
      attempted: 'read the ledger',
      shard,
      reason: `its format is ${found}, and this release reads ${own} and its neighbours`,
      remedy: 'Use the release of switchyard that the rest of the fleet uses',
    });
  }
}

/** Another run holds the shard. It was left alone. */
export class LeaseHeldError extends SwitchyardError {
  static override readonly code = 'LEASE_HELD';
  static override readonly retryable = true;
  constructor(shard: string, holder: { readonly who: string; readonly until: string }) {
    super({
      attempted: 'take the lease',
      shard,
      reason: `${holder.who} holds it, at least until ${holder.until}`,
      remedy: 'Wait for that run, or stop it with `switchyard abort`; then use `switchyard resume`',
    });
  }
}

/** Another run took the shard over while this one was stopped. This one wrote nothing since. */
export class LeaseLostError extends SwitchyardError {
  static override readonly code = 'LEASE_LOST';
  constructor(shard: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'go on with the rollout',
        shard,
        reason: 'the lease ran out and another run has taken it over',
        remedy: 'Let that run finish; `switchyard status` shows it',
      },
      options,
    );
  }
}

/** A statement of an earlier run still works on the shard. It was left to finish. */
export class ShardBusyError extends SwitchyardError {
  static override readonly code = 'SHARD_BUSY';
  static override readonly retryable = true;
  constructor(shard: string, connection: number, seconds: number) {
    super({
      attempted: 'take the lock of the migrator',
      shard,
      reason: `connection ${connection} of an earlier run holds it and has been in one statement for ${seconds} s`,
      remedy: 'Wait for that statement, or kill the connection; then use `switchyard resume`',
    });
  }
}

/** Operators asked for a pause or an end of the rollout. Nothing is half done. */
export class RolloutHaltedError extends SwitchyardError {
  static override readonly code = 'ROLLOUT_HALTED';
  constructor(shard: string, asked: { readonly control: string; readonly by: string }) {
    super({
      attempted: 'go on with the rollout',
      shard,
      reason: `${asked.by} asked for ${asked.control}`,
      remedy: 'Use `switchyard migrate` to do the rest',
    });
  }
}
