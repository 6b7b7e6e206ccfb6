import { JobPayloadRefusedError } from './job-errors.ts';

/** The values that survive a queue unchanged. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The packer's path in the payload, as it is written in code: `payload.account`. */
interface PayloadPath {
  readonly path: string;
}

/** Turns a record into the text of its global ID; undefined for a value that is no record. */
export type NameRecord = (value: object, at: PayloadPath) => string | undefined;

/** A record in a packed payload: the text of its global ID. */
const RECORD_KEY = '$gid';
/** Wraps an object of the user that has one of our two keys. */
const PLAIN_KEY = '$json';
/** A payload with deeper nesting is refused as a mistake. */
const MAX_DEPTH = 200;

/**
 * The payload as plain JSON, with records replaced by their global IDs. A copy: later changes to
 * the payload are not enqueued.
 * @throws JobPayloadRefusedError naming the path of a value that JSON would lose or change
 */
export function packPayload(payload: unknown, nameRecord: NameRecord): Json {
  return new Packer(nameRecord).pack(payload);
}

/** A key on the way into a payload; the last one is the innermost. */
interface Way {
  readonly key: string | number;
  readonly before: Way | undefined;
}

/** A container that is being packed. Linked: an array makes room for seventeen at the first push. */
class Level implements Way {
  readonly container: object;
  readonly before: Level | undefined;
  readonly depth: number;
  /** The key of the value in it that is being packed. */
  key: string | number = '';

  constructor(container: object, before: Level | undefined) {
    this.container = container;
    this.before = before;
    this.depth = before === undefined ? 1 : before.depth + 1;
  }
}

class Packer implements PayloadPath {
  readonly #nameRecord: NameRecord;
  /** The innermost container around the current value. */
  #level: Level | undefined;

  constructor(nameRecord: NameRecord) {
    this.#nameRecord = nameRecord;
  }

  /** Made only when it is asked for: errors name it. */
  get path(): string {
    return pathOf(this.#level);
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
    } else if (!Array.isArray(Object.getPrototypeOf(value))) {
      throw this.#refuse(`a ${className(value)}, an array of a class of its own`);
    } else if (Object.keys(value).length > value.length) {
      throw this.#refuse('an array with names in it');
    }
    this.#refuseUnlessFinite(value);
    const outer = this.#level;
    const level = (this.#level = new Level(value, outer));
    const packed = Array.isArray(value) ? this.#packArray(value, level) : this.#packPlain(level);
    this.#level = outer;
    return packed;
  }

  #packArray(values: readonly unknown[], level: Level): Json {
    const packed: Json[] = [];
    for (let i = 0; i < values.length; i++) {
      level.key = i;
      packed.push(this.pack(values[i]));
    }
    return packed;
  }

  #packPlain(level: Level): Json {
    const packed: Record<string, Json> = {};
    let isOurs = false;
    for (const key of Object.keys(level.container)) {
      const inner = (level.container as Record<string, unknown>)[key];
      if (inner === undefined) continue; // reads as undefined on the other side as well
      if (key === RECORD_KEY || key === PLAIN_KEY) isOurs = true;
      level.key = key;
      setOwn(packed, key, this.pack(inner));
    }
    return isOurs ? { [PLAIN_KEY]: packed } : packed;
  }

  #refuseUnlessFinite(value: object): void {
    if ((this.#level?.depth ?? 0) >= MAX_DEPTH) throw this.#refuse(`nested over ${MAX_DEPTH} deep`);
    for (let level = this.#level; level !== undefined; level = level.before) {
      if (level.container === value) throw this.#refuse('part of itself (a cycle)');
    }
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

/** The position of a record in a packed payload, where the located record is put. */
export interface RecordSlot {
  /** The text of its global ID, as it was packed. */
  readonly text: string;
  /** Its path, as it is written in code: `payload.account`. */
  readonly path: string;
  /** Puts the located record into its place. */
  put(record: object): void;
}

class Slot implements RecordSlot {
  readonly text: string;
  readonly #holder: object;
  readonly #key: string | number;
  readonly #way: Way | undefined;

  constructor(text: string, holder: object, key: string | number, way: Way | undefined) {
    this.text = text;
    this.#holder = holder;
    this.#key = key;
    this.#way = way;
  }

  /** Made only when it is asked for: errors name it. */
  get path(): string {
    return pathOf(this.#way);
  }

  put(record: object): void {
    setOwn(this.#holder, this.#key, record);
  }
}

/** A packed payload that is being unpacked: a copy with holes for the records. */
export interface Unpacked {
  readonly slots: readonly RecordSlot[];
  /** The payload; complete once every slot was put. */
  payload(): unknown;
}

/** Undoes `packPayload`, except that the caller still has to put the records. */
export function unpackPayload(packed: unknown): Unpacked {
  return new Unpacking(packed);
}

class Unpacking implements Unpacked {
  slots: RecordSlot[] = [];
  readonly #root = { payload: undefined };

  constructor(packed: unknown) {
    this.#put(this.#root, 'payload', packed, undefined);
  }

  payload(): unknown {
    return this.#root.payload;
  }

  /** Puts a copy of `value`, which stands at the end of `way`, into the holder. */
  #put(holder: object, key: string | number, value: unknown, way: Way | undefined): void {
    if (typeof value !== 'object' || value === null) return setOwn(holder, key, value);
    const text = textOfRecord(value);
    if (text !== undefined) {
      // Most payloads have one record: an array literal, because a first push makes room for seventeen.
      const slot = new Slot(text, holder, key, way);
      if (this.slots.length === 0) this.slots = [slot];
      else this.slots.push(slot);
      return;
    }
    const inner = Array.isArray(value) ? value : plainOf(value);
    const copy = Array.isArray(inner) ? [] : {};
    setOwn(holder, key, copy);
    for (const name of Object.keys(inner)) {
      const one = (inner as Record<string, unknown>)[name];
      if (typeof one !== 'object' || one === null) setOwn(copy, name, one);
      else this.#put(copy, name, one, { key: name, before: way });
    }
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

function pathOf(way: Way | undefined): string {
  return way === undefined ? 'payload' : pathOf(way.before) + accessOf(String(way.key));
}

function accessOf(key: string): string {
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function className(value: object): string {
  const constructor = (value as { constructor?: { name?: unknown } }).constructor;
  return typeof constructor?.name === 'string' ? constructor.name : 'class instance';
}
