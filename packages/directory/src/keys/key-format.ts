import type { RoutingKey } from '@switchyard/shard-context';

/** Longest value of a key; a longer one is refused before it is hashed. */
const DEFAULT_MAX_LENGTH = 512;
const MAX_KIND_LENGTH = 64;

/** What keys of one kind look like. Checked before any look-up, so that noise costs no read. */
export interface KeyKind {
  /** The whole value must match; write it with `^` and `$`. Default: anything. */
  readonly pattern?: RegExp;
  /** True where the value's own check digits are right. Default: not checked. */
  readonly checksum?: (value: string) => boolean;
  /** Longest value in UTF-16 units. Default 512. */
  readonly maxLength?: number;
}

/** Tells keys that may exist from those that cannot. Kinds that are not declared: length only. */
export class KeyFormats {
  readonly #kinds: ReadonlyMap<string, KeyKind>;

  constructor(kinds: Readonly<Record<string, KeyKind>> = {}) {
    this.#kinds = new Map(Object.entries(kinds).map(([name, kind]) => [name, stateless(kind)]));
  }

  /** True for two texts of a sane length: what may be hashed at all. Costs nothing beside a hit. */
  isNameable(key: RoutingKey): boolean {
    if (typeof key?.kind !== 'string' || typeof key.value !== 'string') return false;
    if (key.kind === '' || key.kind.length > MAX_KIND_LENGTH || key.value === '') return false;
    // Hashed as UTF-8, all half characters are one sign: they would name each other's keys.
    if (!key.kind.isWellFormed() || !key.value.isWellFormed()) return false;
    return key.value.length <= DEFAULT_MAX_LENGTH || key.value.length <= this.#maxLength(key.kind);
  }

  /** True where the key has the form of its kind. */
  isWellFormed(key: RoutingKey): boolean {
    if (!this.isNameable(key) || key.value.length > this.#maxLength(key.kind)) return false;
    const kind = this.#kinds.get(key.kind);
    return matches(kind?.pattern, key.value) && (kind?.checksum?.(key.value) ?? true);
  }

  #maxLength(kind: string): number {
    return this.#kinds.get(kind)?.maxLength ?? DEFAULT_MAX_LENGTH;
  }
}

/** A pattern with `g` or `y` answers differently the second time. */
function stateless(kind: KeyKind): KeyKind {
  if (kind.pattern === undefined) return kind;
  const { source, flags } = kind.pattern;
  return { ...kind, pattern: new RegExp(source, flags.replace(/[gy]/g, '')) };
}

function matches(pattern: RegExp | undefined, value: string): boolean {
  if (pattern === undefined) return true;
  const matched = pattern.test(value);
  // V8 keeps the subject of the last match alive (`RegExp.$_`): a key must not stay on the heap.
  /^/.test('');
  return matched;
}
