import type { RecordReference } from '../ports/locators.ts';
import {
  GlobalIdInvalidError,
  GlobalIdShardMissingError,
  type GlobalIdProblem,
} from './gid-errors.ts';

/** Longest text of a plain global ID; a longer one is refused unread. */
export const GLOBAL_ID_MAX_LENGTH = 2048;
/** Most parts of a composite id. */
export const GLOBAL_ID_MAX_PARTS = 20;
/** Names of fleets and shards, as the topology accepts them. */
export const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
/** Names of models are class names. */
export const MODEL = /^[A-Za-z_$][\w$]*$/;

/**
 * A record's identity as it crosses a process boundary: a frozen value. Fleet, model and id identify
 * the record. The tenant, where there is one, routes. Shard and epoch tell where it was last seen.
 */
export interface GlobalId extends RecordReference {
  /** The fleet whose topology names the shard. */
  readonly fleet: string;
}

/**
 * A checked, frozen global ID.
 * @throws GlobalIdInvalidError naming the part that is wrong, GlobalIdShardMissingError
 */
export function globalId(value: GlobalId): GlobalId {
  checkGlobalId(value);
  const { fleet, model, id, shard, tenant, epoch } = value;
  return Object.freeze({ fleet, model, id: Object.freeze([...id]), shard, tenant, epoch });
}

/** Refuses a value that is not a global ID. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
export function checkGlobalId(value: GlobalId): void {
  if (value.shard === undefined || value.shard === '') throw new GlobalIdShardMissingError();
  const problem = problemOf(value);
  if (problem !== undefined) throw new GlobalIdInvalidError(...problem);
}

/**
 * A global ID that was read from its text. It keeps the text, and its parts are slices of it. A copy
 * has no private field, so a copy with other parts is checked again before it is written.
 */
export class ReadGlobalId implements GlobalId {
  readonly fleet: string;
  readonly model: string;
  readonly id: readonly string[];
  readonly shard: string;
  readonly tenant: string | undefined;
  readonly epoch: number | undefined;
  readonly #text: string;

  constructor(text: string, { fleet, model, id, shard, tenant, epoch }: GlobalId) {
    this.fleet = fleet;
    this.model = model;
    this.id = Object.freeze(id);
    this.shard = shard;
    this.tenant = tenant;
    this.epoch = epoch;
    this.#text = text;
    Object.freeze(this);
  }

  /** The text that the value was read from; undefined for values that were not read from a text. */
  static textOf(value: object): string | undefined {
    return #text in value ? value.#text : undefined;
  }
}

function problemOf(value: GlobalId): [GlobalIdProblem, string] | undefined {
  if (!isName(value.fleet)) return ['fleet', 'the fleet is not a lower-case name'];
  if (typeof value.model !== 'string' || !MODEL.test(value.model)) {
    return ['model', 'the model is not a class name'];
  }
  if (!isName(value.shard)) return ['shard', 'the shard is not a lower-case name'];
  return idProblem(value.id) ?? tenantProblem(value.tenant, value.epoch);
}

function idProblem(id: readonly string[]): [GlobalIdProblem, string] | undefined {
  if (!Array.isArray(id) || id.length === 0 || id.length > GLOBAL_ID_MAX_PARTS) {
    return ['id', `the id must have 1 to ${GLOBAL_ID_MAX_PARTS} parts`];
  }
  return id.every(isText) ? undefined : ['id', 'each part of the id must be text, and not empty'];
}

function tenantProblem(
  tenant: string | undefined,
  epoch: number | undefined,
): [GlobalIdProblem, string] | undefined {
  if (tenant === undefined) {
    return epoch === undefined ? undefined : ['epoch', 'an epoch without a tenant says nothing'];
  }
  if (!isText(tenant)) return ['tenant', 'the tenant must be text, and not empty'];
  if (epoch === undefined || (Number.isSafeInteger(epoch) && epoch > 0)) return undefined;
  return ['epoch', 'the epoch must be a whole number from 1'];
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && NAME.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && isWellFormed(value);
}

/** A lone surrogate is not text: UTF-8 cannot encode it. */
function isWellFormed(value: string): boolean {
  return (value as string & { isWellFormed(): boolean }).isWellFormed(); // ES2024, in Node 20
}
