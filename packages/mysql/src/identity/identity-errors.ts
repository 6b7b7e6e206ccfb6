import { isSwitchyardError } from '@switchyard/shard-context';
import { SwitchyardError } from '@switchyard/shard-context/internal';

/** One thing in which a database differs from the shard that was expected behind its name. */
export interface IdentityMismatch {
  /** The compared field: `name`, `uuid`, `fleet`, `region`, `incarnation`, `ordinal`. */
  readonly field: string;
  readonly expected: string;
  readonly found: string;
}

/**
 * The database behind a shard's address is not that shard: another one, a copy, or an older state
 * of it. The connection was closed before any query of yours; the shard stays closed until the
 * right database answers, and is then used again without a restart.
 */
export class ShardIdentityError extends SwitchyardError {
  static override readonly code = 'SHARD_IDENTITY';
  readonly mismatches: readonly IdentityMismatch[];

  constructor(shard: string, mismatches: readonly IdentityMismatch[]) {
    super({
      attempted: 'open a connection',
      shard,
      reason: `the database says it is not this shard: ${mismatches.map(describe).join('; ')}`,
      remedy:
        'Point the shard at its own database, or run `switchyard identify` if this one is to be it',
    });
    this.mismatches = mismatches;
  }
}

function describe({ field, expected, found }: IdentityMismatch): string {
  return `${field} is ${found}, expected ${expected}`;
}

/** The database has no `shard_identity`, or one of a format that this release cannot read. */
export class ShardNotIdentifiableError extends SwitchyardError {
  static override readonly code = 'SHARD_NOT_IDENTIFIABLE';

  constructor(shard: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'open a connection',
        shard,
        reason,
        remedy:
          'Run `switchyard prepare` with this release, or point the shard at its own database',
      },
      options,
    );
  }
}

/** A writer was expected and the server takes no writes, as after a failover. */
export class ShardNotWritableError extends SwitchyardError {
  static override readonly code = 'SHARD_NOT_WRITABLE';
  static override readonly retryable = true;

  constructor(shard: string, variable: string) {
    super({
      attempted: 'open a writer connection',
      shard,
      reason: `the server is read-only (${variable})`,
      remedy: 'Wait for the failover to end, or point the server at its writer',
    });
  }
}

/** The server is of another engine, older than declared, or of a kind that the fence cannot trust. */
export class ServerNotSupportedError extends SwitchyardError {
  static override readonly code = 'SERVER_NOT_SUPPORTED';

  constructor(shard: string, reason: string) {
    super({
      attempted: 'open a connection',
      shard,
      reason,
      remedy: 'Correct `engine` and `minVersion` in the topology, or use a supported server',
    });
  }
}

const IDENTITY_FAILURES = [
  ShardIdentityError.code,
  ShardNotIdentifiableError.code,
  ShardNotWritableError.code,
  ServerNotSupportedError.code,
];

/** True for failures by which the database behind an address is not (or no longer) the shard. */
export function isIdentityFailure(error: unknown): boolean {
  return isSwitchyardError(error) && IDENTITY_FAILURES.includes(error.code);
}
