import type { EntityMetadata } from 'typeorm';
import { declarationOf } from '../declarations/declare.ts';
import { originOf } from './origin.ts';

/** What `sameRecord` compares: model and id, and the shard where ids are local to one. */
export interface RecordIdentity {
  /** Name of the entity. */
  readonly model: string;
  /** The primary key as text; several parts for a composite key. */
  readonly id: readonly string[];
  readonly shard: string;
}

/**
 * True when both name the same row. The shard is not compared, because rows move, except for
 * `shardLocal` ids, where equal ids on two shards are two rows.
 */
export function sameRecord(
  metadata: EntityMetadata,
  a: RecordIdentity | object,
  b: RecordIdentity | object,
): boolean {
  const left = identityOf(metadata, a);
  const right = identityOf(metadata, b);
  if (left === undefined || right === undefined || left.model !== right.model) return false;
  if (left.id.length !== right.id.length) return false;
  if (!left.id.every((part, i) => part === right.id[i])) return false;
  const declaration = declarationOf(metadata);
  const local = declaration?.domain === 'sharded' && declaration.ids === 'shardLocal';
  return !local || left.shard === right.shard;
}

function identityOf(
  metadata: EntityMetadata,
  value: RecordIdentity | object,
): RecordIdentity | undefined {
  if (isIdentity(value)) return value;
  const own = metadata.findInheritanceMetadata(value) as EntityMetadata;
  const id = own.primaryColumns.map((column) => column.getEntityValue(value) as unknown);
  if (id.some((part) => part === undefined || part === null)) return undefined;
  const shard = originOf(value)?.shard ?? '';
  return { model: metadata.name, id: id.map(String), shard };
}

function isIdentity(value: object): value is RecordIdentity {
  const { model, id } = value as Partial<RecordIdentity>;
  return typeof model === 'string' && Array.isArray(id);
}
