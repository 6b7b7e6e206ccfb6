import { JobPayloadRefusedError } from './job-errors.ts';

/** What survives a queue unchanged. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where in the payload the packer stands, as one would write it in code: `payload.account`. */
export interface Whereabouts {
  readonly path: string;
}

/** Turns a record into the text of its global ID; undefined for what is not a record. */
export type NameRecord = (value: object, at: Whereabouts) => string | undefined;

/** A record in a packed payload: the text of its global ID. */
export const RECORD_KEY = '$gid';
/** Wraps an object of the user's own that has one of our two keys. */
export const PLAIN_KEY = '$json';
/** Deeper than this, a payload is taken for a mistake. */
const MAX_DEPTH = 200;

/**
 * The payload as plain JSON, with records replaced by their global IDs. A copy: later changes to
 * the payload are not enqueued.
 * @throws JobPayloadRefusedError naming the path of what JSON would lose or change
 */
export function packPayload(payload: unknown, nameRecord: NameRecord): Json {
  return new Packer(nameRecord).pack(payload);
}

class Packer implements Whereabouts {
  readonly #nameRecord: NameRecord;
  /** The way to the current value, outermost first; its text is made only when it is needed. */
  readonly #keys: (string | number)[] = [];
  readonly #around: object[] = [];

  constructor(nameRecord: NameRecord) {
    this.#nameRecord = nameRecord;
  }

  get path(): string {
    return pathOf(this.#keys);
  }

  pack(value: unknown): Json {
    if (isJsonScalar(value)) return value;
    if (typeof value === 'object') return this.#packObject(value as object);
    if (value === undefined || typeof value === 'number') throw this.#refuse(String(value));
    throw this.#refuse(`a ${typeof value}`);
  }

  #packObject(value: object): Json {
    if (!Array.isArray(value)) {
      const text = this.#nameRecord(value, this);
      if (text !== undefined) return { [RECORD_KEY]: text };
      this.#refuseUnlessPlain(value);
    }
    if (this.#around.includes(value)) throw this.#refuse('part of itself (a cycle)');
    if (this.#around.length >= MAX_DEPTH) throw this.#refuse(`nested over ${MAX_DEPTH} deep`);
    this.#around.push(value);
    const packed = Array.isArray(value) ? this.#packArray(value) : this.#packPlain(value);
    this.#around.pop();
    return packed;
  }

  #packArray(values: readonly unknown[]): Json {
    const packed: Json[] = [];
    for (let i = 0; i < values.length; i++) packed.push(this.#at(i, values[i]));
    return packed;
  }

  #packPlain(value: object): Json {
    const packed: Record<string, Json> = {};
    let isOurs = false;
    for (const key of Object.keys(value)) {
      const inner = (value as Record<string, unknown>)[key];
      if (inner === undefined) continue; // reads as undefined on the other side as well
      if (key === RECORD_KEY || key === PLAIN_KEY) isOurs = true;
      setOwn(packed, key, isJsonScalar(inner) ? inner : this.#at(key, inner));
    }
    return isOurs ? { [PLAIN_KEY]: packed } : packed;
  }

  #at(key: string | number, value: unknown): Json {
    this.#keys.push(key);
    const packed = this.pack(value);
    this.#keys.pop();
    return packed;
  }

  #refuseUnlessPlain(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) {
      throw this.#refuse(`a ${className(value)} that is not a record`);
    }
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#refuse('keyed by a symbol');
  }

  #refuse(problem: string): JobPayloadRefusedError {
    return new JobPayloadRefusedError(this.path, problem);
  }
}

function isJsonScalar(value: unknown): value is string | number | boolean | null {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  return typeof value === 'number' && Number.isFinite(value);
}

/** Where a record stood in a packed payload, and where its like is to be put. */
export interface RecordSlot {
  /** The text of its global ID, as it was packed. */
  readonly text: string;
  /** As one would write it in code: `payload.account`. */
  readonly path: string;
  /** Puts the located record into its place. */
  put(record: object): void;
}

class Slot implements RecordSlot {
  readonly text: string;
  readonly #keys: readonly (string | number)[];
  readonly #holder: object;
  readonly #key: string | number;

  constructor(
    text: string,
    keys: readonly (string | number)[],
    holder: object,
    key: string | number,
  ) {
    this.text = text;
    this.#keys = keys;
    this.#holder = holder;
    this.#key = key;
  }

  /** Made only when it is asked for: errors name it. */
  get path(): string {
    return pathOf(this.#keys);
  }

  put(record: object): void {
    setOwn(this.#holder, this.#key, record);
  }
}

/** A packed payload on its way back: a copy with holes where the records go. */
export interface Unpacked {
  readonly slots: readonly RecordSlot[];
  /** The payload; complete once every slot was put. */
  payload(): unknown;
}

/** Undoes `packPayload`, except that the records are left to be put. */
export function unpackPayload(packed: unknown): Unpacked {
  const slots: RecordSlot[] = [];
  const root: Record<string, unknown> = {};
  unpackInto(root, 'payload', packed, [], slots);
  return { slots, payload: () => root['payload'] };
}

function unpackInto(
  holder: Record<string | number, unknown>,
  key: string | number,
  value: unknown,
  keys: readonly (string | number)[],
  slots: RecordSlot[],
): void {
  if (typeof value !== 'object' || value === null) return setOwn(holder, key, value);
  const text = textOfRecord(value);
  if (text !== undefined) {
    slots.push(new Slot(text, keys, holder, key));
    return;
  }
  const inner = Array.isArray(value) ? value : plainOf(value);
  const copy = (Array.isArray(inner) ? [] : {}) as Record<string, unknown>;
  setOwn(holder, key, copy);
  for (const name of Object.keys(inner)) {
    const one = (inner as Record<string, unknown>)[name];
    if (typeof one !== 'object' || one === null) setOwn(copy, name, one);
    else unpackInto(copy, name, one, [...keys, name], slots);
  }
}

function textOfRecord(value: object): string | undefined {
  const text = (value as Record<string, unknown>)[RECORD_KEY];
  return typeof text === 'string' && hasOnly(value, RECORD_KEY) ? text : undefined;
}

function plainOf(value: object): object {
  const plain = (value as Record<string, unknown>)[PLAIN_KEY];
  const wraps = typeof plain === 'object' && plain !== null && hasOnly(value, PLAIN_KEY);
  return wraps ? plain : value;
}

function hasOnly(value: object, key: string): boolean {
  return Object.hasOwn(value, key) && Object.keys(value).length === 1;
}

/** Plain assignment, except that a key named `__proto__` stays a key. */
function setOwn(holder: object, key: string | number, value: unknown): void {
  if (key !== '__proto__') (holder as Record<string | number, unknown>)[key] = value;
  else Object.defineProperty(holder, key, { value, ...WRITABLE });
}

const WRITABLE = { writable: true, enumerable: true, configurable: true } as const;

function pathOf(keys: readonly (string | number)[]): string {
  return keys.reduce<string>((path, key) => {
    if (/^\d+$/.test(String(key))) return `${path}[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(String(key))
      ? `${path}.${key}`
      : `${path}[${JSON.stringify(key)}]`;
  }, 'payload');
}

function className(value: object): string {
  const constructor = (value as { constructor?: { name?: unknown } }).constructor;
  return typeof constructor?.name === 'string' ? constructor.name : 'class instance';
}
