import type { Placement } from '@switchyard/shard-context';

import { printName, SwitchyardError } from '@switchyard/shard-context/internal';

/** The directory was given options that contradict themselves. Nothing was opened. */
export class DirectoryOptionsInvalidError extends SwitchyardError {
  static override readonly code = 'DIRECTORY_OPTIONS_INVALID';
  constructor(field: string, problem: string) {
    super({
      attempted: 'make a directory',
      reason: `${field} ${problem}`,
      remedy: 'Correct the named option',
    });
  }
}

/** The store has no tables or indexes of the directory yet. Nothing was read or written. */
export class DirectoryNotPreparedError extends SwitchyardError {
  static override readonly code = 'DIRECTORY_NOT_PREPARED';
  constructor(store: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: `use the directory's ${store} store`,
        reason,
        remedy: 'Run `switchyard prepare`, which creates what is missing and keeps what is there',
      },
      options,
    );
  }
}

/** No shard may take the tenant, or the shards name no one owner of it. Nothing was stored. */
export class AssignmentImpossibleError extends SwitchyardError {
  static override readonly code = 'ASSIGNMENT_IMPOSSIBLE';
  readonly tenant: string;
  constructor(tenant: string, reason: string) {
    super({
      attempted: `assign tenant ${printName(tenant)}`,
      reason,
      remedy:
        'Name another shard or region, or add a shard that may take the tenant; where shards have rows of it, run `switchyard directory audit`',
    });
    this.tenant = tenant;
  }
}

/** A placement that may not be stored: its epoch does not grow, or its names are not right. */
export class PlacementInvalidError extends SwitchyardError {
  static override readonly code = 'PLACEMENT_INVALID';
  readonly tenant: string;
  constructor(tenant: string, reason: string) {
    super({
      attempted: `store the placement of tenant ${printName(tenant)}`,
      reason,
      remedy: 'Correct the placement; nothing was stored',
    });
    this.tenant = tenant;
  }
}

/** Someone else changed the placement first. Nothing was stored. */
export class PlacementChangedError extends SwitchyardError {
  static override readonly code = 'PLACEMENT_CHANGED';
  readonly tenant: string;
  /** What the directory says now; undefined where it has no placement of the tenant. */
  readonly current: Placement | undefined;
  constructor(tenant: string, fromEpoch: number, current: Placement | undefined) {
    const now =
      current === undefined
        ? 'has no placement'
        : `is ${current.state} on ${current.shard} at epoch ${current.epoch}`;
    super({
      attempted: `change the placement of tenant ${printName(tenant)} from epoch ${fromEpoch}`,
      reason: `the tenant ${now}`,
      remedy: 'Read the placement again and decide anew',
    });
    this.tenant = tenant;
    this.current = current;
  }
}

/** The key cannot be added: it names another tenant, or was revoked. The key is not printed. */
export class KeyTakenError extends SwitchyardError {
  static override readonly code = 'KEY_TAKEN';
  readonly kind: string;
  constructor(kind: string, reason: string) {
    super({
      attempted: `add a routing key of kind ${kind}`,
      reason,
      remedy: 'Issue a new key: keys are never given to another tenant and never revived',
    });
    this.kind = kind;
  }
}

/** A key that cannot be one of its kind was to be added. The key is not printed. */
export class KeyMalformedError extends SwitchyardError {
  static override readonly code = 'KEY_MALFORMED';
  readonly kind: string;
  constructor(kind: string) {
    super({
      attempted: `add a routing key of kind ${kind}`,
      reason: 'it does not have the declared form of its kind',
      remedy: 'Issue keys in the form declared under kinds, or correct the declaration',
    });
    this.kind = kind;
  }
}

/** A step of a tenant's move does not follow from where tenant and shards stand. */
export class TenantSwitchRefusedError extends SwitchyardError {
  static override readonly code = 'TENANT_SWITCH_REFUSED';
  readonly tenant: string;
  constructor(step: string, tenant: string, reason: string) {
    super({
      attempted: `${step} tenant ${printName(tenant)}`,
      reason,
      remedy: 'Look at the placement and at the rows of shard_tenant, then repeat or thaw',
    });
    this.tenant = tenant;
  }
}
