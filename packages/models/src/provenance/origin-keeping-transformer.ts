import { samePlace } from '@switchyard/shard-context/internal';
import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { PlainObjectToNewEntityTransformer } from 'typeorm/query-builder/transformer/PlainObjectToNewEntityTransformer.js';
import { originOf, setOrigin } from './origin.ts';
import { RecordMisplacedError } from '../record-errors.ts';

type Transform = (
  entity: ObjectLiteral,
  object: ObjectLiteral,
  metadata: EntityMetadata,
  lazy?: boolean,
) => void;

/**
 * What `create(source)`, `merge` and `preload` copy values with. A copy of a record stands for the
 * same row, so it keeps the origin; without it, a record could change its shard by being merged.
 */
export class OriginKeepingTransformer extends PlainObjectToNewEntityTransformer {
  constructor() {
    super();
    // TypeORM's own method is private to its type; it calls itself for each related record.
    const self = this as unknown as { groupAndTransform: Transform };
    const transform = self.groupAndTransform.bind(this);
    self.groupAndTransform = (entity, object, metadata, lazy) => {
      carryOrigin(entity, object, metadata);
      transform(entity, object, metadata, lazy);
    };
  }
}

/** @throws RecordMisplacedError where both have one and they differ */
function carryOrigin(target: object, source: unknown, metadata: EntityMetadata): void {
  if (typeof source !== 'object' || source === null) return; // TypeORM merges what it did not find, too
  const origin = originOf(source);
  if (origin === undefined) return;
  const own = originOf(target);
  if (own === undefined) {
    setOrigin(target, origin);
    return;
  }
  const agree = own.shard === origin.shard && own.tenant === origin.tenant;
  if (agree || samePlace(own, origin)) return;
  throw new RecordMisplacedError(`merge into ${metadata.name}`, origin, own);
}
