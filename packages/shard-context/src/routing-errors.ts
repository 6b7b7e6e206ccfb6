import { SwitchyardError, printName } from './errors.ts';

/**
 * The shard refused a write because the tenant does not live there any more, or the epoch of the
 * route is old. Nothing was written. Retryable: refresh the route with `seenEpoch + 1` and run the
 * whole unit of work again.
 */
export class StaleRouteError extends SwitchyardError {
  static override readonly code = 'STALE_ROUTE';
  static override readonly retryable = true;
  readonly tenant: string;
  /** The epoch of the caller's route. */
  readonly seenEpoch: number;
  /** The shard to which the tenant moved, as far as this shard knows. */
  readonly movedTo: string | undefined;

  constructor(
    route: {
      attempted: string;
      shard: string;
      tenant: string;
      seenEpoch: number;
      movedTo?: string | undefined;
    },
    options?: { cause?: unknown },
  ) {
    const where = route.movedTo === undefined ? '' : `; it moved to ${route.movedTo}`;
    super(
      {
        attempted: route.attempted,
        shard: route.shard,
        reason: `the shard does not accept tenant ${printName(route.tenant)} at epoch ${route.seenEpoch}${where}`,
        remedy: 'Run the whole unit of work again through the router, which refreshes the route',
      },
      options,
    );
    this.tenant = route.tenant;
    this.seenEpoch = route.seenEpoch;
    this.movedTo = route.movedTo;
  }
}

/** The tenant is being switched and takes no writes for a moment. Nothing was written. */
export class TenantFrozenError extends SwitchyardError {
  static override readonly code = 'TENANT_FROZEN';
  static override readonly retryable = true;
  readonly tenant: string;

  constructor(
    route: { attempted: string; shard: string; tenant: string },
    options?: { cause?: unknown },
  ) {
    super(
      {
        attempted: route.attempted,
        shard: route.shard,
        reason: `tenant ${printName(route.tenant)} is frozen while its placement changes`,
        remedy: 'Wait a moment and run the whole unit of work again',
      },
      options,
    );
    this.tenant = route.tenant;
  }
}

/**
 * The directory, a job or a record names a shard that the topology of this process does not declare.
 * A newer release may declare it. Nothing ran. Retryable: it succeeds once the release that declares
 * the shard is deployed here.
 */
export class ShardNotDeclaredError extends SwitchyardError {
  static override readonly code = 'SHARD_NOT_DECLARED';
  static override readonly retryable = true;

  constructor(attempted: string, shard: string) {
    super({
      attempted,
      shard,
      reason: 'the topology of this process does not declare the shard; a newer release may',
      remedy: 'Deploy the topology that declares it, and run the whole unit of work again',
    });
  }
}

/** The directory answered, and it knows no such key: like 404. The key is not in the message. */
export class KeyUnknownError extends SwitchyardError {
  static override readonly code = 'KEY_UNKNOWN';
  /** Which kind of key it was. */
  readonly kind: string;

  constructor(kind: string, reason = 'the directory knows no such key') {
    super({
      attempted: `locate a routing key of kind ${printName(kind)}`,
      reason,
      remedy: 'Check that the key is complete, current and of this fleet',
    });
    this.kind = kind;
  }
}

/** The directory answered, and it has no placement for that tenant. */
export class TenantUnknownError extends SwitchyardError {
  static override readonly code = 'TENANT_UNKNOWN';
  readonly tenant: string;

  constructor(tenant: string) {
    super({
      attempted: `locate tenant ${printName(tenant)}`,
      reason: 'the directory has no placement for it',
      remedy: 'Assign it to a shard first: directory.assign()',
    });
    this.tenant = tenant;
  }
}

/** The directory could not be asked: like 503. Whether the key exists is not known. */
export class DirectoryUnavailableError extends SwitchyardError {
  static override readonly code = 'DIRECTORY_UNAVAILABLE';
  static override readonly retryable = true;

  constructor(attempted: string, options?: { cause?: unknown; reason?: string }) {
    super(
      {
        attempted,
        reason: options?.reason ?? 'the directory could not be asked, so nothing is known',
        remedy: 'Try again shortly',
      },
      options,
    );
  }
}

/** `keyOf(request)` answered something that is not a routing key. The directory was not asked. */
export class RoutingKeyMalformedError extends SwitchyardError {
  static override readonly code = 'ROUTING_KEY_MALFORMED';
  constructor(reason: string) {
    super({
      attempted: 'read the routing key of a request',
      reason,
      remedy: 'Send the key once and whole, or let keyOf answer undefined where there is none',
    });
  }
}
