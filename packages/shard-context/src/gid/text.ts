import { GlobalIdInvalidError } from './gid-errors.ts';
import { checkGlobalId, GLOBAL_ID_MAX_LENGTH, ReadGlobalId, type GlobalId } from './global-id.ts';

/** The characters that percent-encoding leaves unchanged: the unreserved set of encodeURIComponent. */
const UNRESERVED = /^[\w\-.!~*'()]+$/;

/**
 * The one text of a global ID: `gid://<fleet>/<Model>/<id>?shard=<shard>&tenant=<tenant>&e=<epoch>`.
 * The parts of a composite id are joined by `/`; ids and tenants are percent-encoded.
 * @throws GlobalIdInvalidError, GlobalIdShardMissingError
 */
export function formatGlobalId(value: GlobalId): string {
  const read = ReadGlobalId.textOf(value);
  if (read !== undefined) return read;
  checkGlobalId(value);
  const { fleet, model, id, shard, tenant, epoch } = value;
  const ofTenant = tenant === undefined ? '' : `&tenant=${encodePart(tenant)}`;
  const ofEpoch = epoch === undefined ? '' : `&e=${epoch}`;
  const text = `gid://${fleet}/${model}/${joinParts(id)}?shard=${shard}${ofTenant}${ofEpoch}`;
  if (text.length <= GLOBAL_ID_MAX_LENGTH) return text;
  const reason = `it is longer than ${GLOBAL_ID_MAX_LENGTH} characters`;
  throw new GlobalIdInvalidError('too-long', reason);
}

/** Which models keep ids that are unique on one shard only (`shardLocal`). Default: none. */
export interface Identity {
  readonly shardLocal?: (model: string) => boolean;
}

/**
 * The record's identity without the place where it was last seen: for caches and for the uniqueness
 * of jobs, which must not change when the tenant moves. The key of a `shardLocal` model keeps the
 * shard, because there the shard is part of the identity.
 */
export function canonicalKey(value: GlobalId, identity: Identity = {}): string {
  const { fleet, model, id, shard } = value;
  const text = `gid://${fleet}/${model}/${joinParts(id)}`;
  return identity.shardLocal?.(model) === true ? `${text}?shard=${shard}` : text;
}

/** True when both name the same record, also where they name different shards. */
export function namesSameRecord(a: GlobalId, b: GlobalId, identity: Identity = {}): boolean {
  if (a.fleet !== b.fleet || a.model !== b.model || a.id.length !== b.id.length) return false;
  if (!a.id.every((part, i) => part === b.id[i])) return false;
  return a.shard === b.shard || identity.shardLocal?.(a.model) !== true;
}

function joinParts(id: readonly string[]): string {
  return id.length === 1 ? encodePart(id[0] as string) : id.map(encodePart).join('/');
}

function encodePart(part: string): string {
  return UNRESERVED.test(part) ? part : encodeURIComponent(part);
}

/**
 * The part that `text` encodes; undefined where `text` is not its canonical encoding. With two
 * encodings of one part, one record would have two keys.
 */
export function decodePart(text: string): string | undefined {
  if (UNRESERVED.test(text)) return text;
  try {
    const part = decodeURIComponent(text);
    return part !== '' && encodeURIComponent(part) === text ? part : undefined;
  } catch {
    return undefined; // an incomplete percent escape, or bytes that are not UTF-8
  }
}
