import type { Place } from '@switchyard/shard-context';

import { printName, describePlace, SwitchyardError } from '@switchyard/shard-context/internal';

/**
 * A record of one place was about to be written, removed or related in another. Nothing was
 * written: the row with the same id there is another one.
 */
export class RecordMisplacedError extends SwitchyardError {
  static override readonly code = 'RECORD_MISPLACED';
  /** Where the record was loaded or inserted. */
  readonly origin: Place;
  /** Where it was about to be used; undefined for no place. */
  readonly place: Place;

  constructor(attempted: string, origin: Place, place: Place) {
    super({
      attempted,
      shard: place.shard,
      reason: `the record came from ${describePlace(origin)}, and this is ${describePlace(place)}`,
      remedy:
        'Work on it in the context it came from, or copy its values: copyRecordForAnotherShard()',
    });
    this.origin = origin;
    this.place = place;
  }
}

/** A row of another tenant was about to be written, or related to one of this tenant. */
export class TenantMismatchError extends SwitchyardError {
  static override readonly code = 'TENANT_MISMATCH';
  /** The tenant of the context. */
  readonly tenant: string;
  /** The tenant that was found; undefined where the row names none. */
  readonly found: string | undefined;

  constructor(refused: {
    attempted: string;
    shard: string;
    tenant: string;
    found: string | undefined;
    what: string;
  }) {
    const whose = refused.found === undefined ? 'no tenant' : `tenant ${printName(refused.found)}`;
    super({
      attempted: refused.attempted,
      shard: refused.shard,
      reason: `${refused.what} belongs to ${whose}, and this context to tenant ${printName(refused.tenant)}`,
      remedy: 'Run it in the context of the tenant whose rows they are',
    });
    this.tenant = refused.tenant;
    this.found = refused.found;
  }
}

/** A write whose rows no one can check beforehand, under a tenant. Nothing was written. */
export class TenantUncheckableError extends SwitchyardError {
  static override readonly code = 'TENANT_UNCHECKABLE';
  constructor(attempted: string, shard: string, reason: string) {
    super({
      attempted,
      shard,
      reason,
      remedy: 'Give the values as values, or run it outside a tenant: unfenced(reason, fn)',
    });
  }
}

/**
 * A query builder in a tenant's context names a table that is no entity, or writes through a view
 * that names no tenant: whose rows they are cannot be checked. It was not sent.
 */
export class TableWithoutEntityError extends SwitchyardError {
  static override readonly code = 'TABLE_WITHOUT_ENTITY';
  constructor(shard: string, reason: string) {
    super({
      attempted: 'run a query builder for a tenant',
      shard,
      reason: `${reason}, so nothing says whose rows they are`,
      remedy: 'Use an entity with a tenant key, or say why not: withoutEntity(reason, builder)',
    });
  }
}

/**
 * A row was about to be inserted for a tenant under an interleaved id that the caller gave. The id
 * may be that of a row which lives on another shard. Nothing was written.
 */
export class IdGivenError extends SwitchyardError {
  static override readonly code = 'ID_GIVEN';
  constructor(entity: string, shard: string) {
    super({
      attempted: `insert ${entity}`,
      shard,
      reason:
        'its id was given and not made by the shard: a row with that id may live on another shard',
      remedy:
        'Leave the id out; to change a row that is there, use update() or save(); for an import: withGivenId(reason, record)',
    });
  }
}
