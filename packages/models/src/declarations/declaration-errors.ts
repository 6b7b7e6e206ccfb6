import { SwitchyardError } from '@switchyard/shard-context/internal';

/** A declaration of an entity contradicts its columns and relations. Nothing was started. */
export class DeclarationInvalidError extends SwitchyardError {
  static override readonly code = 'DECLARATION_INVALID';
  /** Name of the entity. */
  readonly entity: string;

  constructor(entity: string, reason: string) {
    super({
      attempted: `use the declaration of ${entity}`,
      reason,
      remedy: 'Correct what @Sharded, @Pinned or shardedSchema() says of it',
    });
    this.entity = entity;
  }
}

/** Entities of a sharded data source that no one declared, with two or more shards. */
export class EntityUndeclaredError extends SwitchyardError {
  static override readonly code = 'ENTITY_UNDECLARED';
  readonly entities: readonly string[];

  constructor(entities: readonly string[]) {
    super({
      attempted: 'start a sharded data source',
      reason: `nothing says whose the rows of ${entities.join(', ')} are, and there are two or more shards`,
      remedy: "Declare each with @Sharded({ tenant: … }); reference data with tenant: 'none'",
    });
    this.entities = entities;
  }
}

/** AUTO_INCREMENT entities without an id strategy, with two or more shards. */
export class IdStrategyMissingError extends SwitchyardError {
  static override readonly code = 'ID_STRATEGY_MISSING';
  readonly entities: readonly string[];

  constructor(entities: readonly string[]) {
    super({
      attempted: 'start a sharded data source',
      reason: `the ids of ${entities.join(', ')} are AUTO_INCREMENT, so two shards would give out the same`,
      remedy:
        "Declare ids: 'interleaved' (fleet-unique, rows can move) or ids: 'shardLocal' (they cannot)",
    });
    this.entities = entities;
  }
}

/** A relation or join leads from a sharded entity to a pinned one, or back: no database has both. */
export class CrossDomainRelationError extends SwitchyardError {
  static override readonly code = 'CROSS_DOMAIN_RELATION';
  readonly from: string;
  readonly to: string;

  constructor(from: string, to: string, attempted: string) {
    super({
      attempted,
      reason: 'one of them is sharded and the other pinned, so they live in different databases',
      remedy: 'Keep the id in a plain column and load the other side through its own data source',
    });
    this.from = from;
    this.to = to;
  }
}

/** A pinned entity was handed to a sharded data source, or the other way about. */
export class WrongDomainError extends SwitchyardError {
  static override readonly code = 'WRONG_DOMAIN';
  readonly entity: string;

  constructor(entity: string, reason: string, remedy: string) {
    super({ attempted: `use ${entity}`, reason, remedy });
    this.entity = entity;
  }
}
