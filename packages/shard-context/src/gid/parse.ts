import { problemOfText } from './diagnose.ts';
import { GlobalIdInvalidError } from './gid-errors.ts';
import {
  GLOBAL_ID_MAX_LENGTH,
  GLOBAL_ID_MAX_PARTS,
  ReadGlobalId,
  type GlobalId,
} from './global-id.ts';
import { decodePart } from './text.ts';

/** A whole global ID with its parameters in their order. `diagnose` explains texts that do not match. */
const GLOBAL_ID =
  /^gid:\/\/([a-z][a-z0-9_-]{0,31})\/([A-Za-z_$][\w$]*)\/([^?&#]+)\?shard=([a-z][a-z0-9_-]{0,31})(?:&tenant=([^&#]+)(?:&e=([1-9]\d{0,15}))?)?$/;

/**
 * Reads a global ID. Strict: one record in one place has one text, so a text with a parameter that is
 * repeated, unknown, out of order, in another case or encoded differently is refused, and
 * `formatGlobalId(parseGlobalId(text)) === text`.
 * @throws GlobalIdInvalidError naming the problem, GlobalIdShardMissingError
 */
export function parseGlobalId(text: string): GlobalId {
  if (typeof text !== 'string' || text.length > GLOBAL_ID_MAX_LENGTH) throw problemOfText(text);
  const match = GLOBAL_ID.exec(text);
  if (match === null) throw problemOfText(text);
  const [, fleet, model, id, shard, tenant, epoch] = match as unknown as Matched;
  return new ReadGlobalId(text, {
    fleet,
    model,
    id: partsOf(id),
    shard,
    tenant: tenantOf(tenant),
    epoch: epochOf(epoch),
  });
}

type Matched = [string, string, string, string, string, string | undefined, string | undefined];

function partsOf(id: string): readonly string[] {
  if (!id.includes('/')) return [decoded(id, 'id')];
  const parts = id.split('/');
  if (parts.length > GLOBAL_ID_MAX_PARTS) {
    throw new GlobalIdInvalidError('id', `the id has more than ${GLOBAL_ID_MAX_PARTS} parts`);
  }
  return parts.map((part) => decoded(part, 'id'));
}

function tenantOf(tenant: string | undefined): string | undefined {
  return tenant === undefined ? undefined : decoded(tenant, 'tenant');
}

function epochOf(epoch: string | undefined): number | undefined {
  if (epoch === undefined) return undefined;
  const number = Number(epoch);
  if (Number.isSafeInteger(number)) return number;
  throw new GlobalIdInvalidError('epoch', 'the epoch is too large');
}

function decoded(text: string, what: string): string {
  const part = decodePart(text);
  if (part !== undefined) return part;
  const reason = `the ${what} is empty or not percent-encoded the way encodeURIComponent does it`;
  throw new GlobalIdInvalidError('encoding', reason);
}
