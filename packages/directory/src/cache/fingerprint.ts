import { randomFillSync } from 'node:crypto';

const KINDS_KEPT = 256;

/** The four words of a 128-bit state or key. */
type Words = Int32Array;

/** What stands for a routing key in this process: 128 bits in four words. */
export type Print = Int32Array;

/**
 * Names a routing key inside this process without keeping it: 128 bits of Chaskey (Mouha and
 * others, SAC 2014; ISO/IEC 29192-6), a message authentication code made for 32-bit arithmetic, under
 * a random key that never leaves the process. Keyed, so that no one outside can look for two keys
 * with one name (the second would be routed as the first); 128 bits, so that none are met by chance;
 * and an eighth of the cost of an HMAC, which would be more expensive than the hit that it names.
 *
 * Each kind has its own key, made from the process's key and the kind's name, so that equal values
 * of two kinds have nothing in common.
 */
export class Fingerprints {
  readonly #master: Words;
  readonly #kinds = new Map<string, KindKey>();
  // Requests come with one kind after another of the same: a comparison instead of a look-up.
  #lastKind: string | undefined;
  #lastKey: KindKey | undefined;
  readonly #print: Print = new Int32Array(4);

  constructor() {
    this.#master = randomFillSync(new Int32Array(4));
  }

  /** The print of a routing key; the next call writes over it. */
  of(kind: string, value: string): Print {
    if (kind !== this.#lastKind) {
      this.#lastKey = this.#kinds.get(kind) ?? this.#admit(kind);
      this.#lastKind = kind;
    }
    mac(this.#lastKey as KindKey, value, this.#print);
    return this.#print;
  }

  #admit(kind: string): KindKey {
    if (this.#kinds.size >= KINDS_KEPT) this.#kinds.clear(); // made again the same when asked for
    const key = new Int32Array(4);
    mac(new KindKey(this.#master), kind, key);
    const made = new KindKey(key);
    this.#kinds.set(kind, made);
    return made;
  }
}

/** A print as a text, for what waits or is kept by name: eight UTF-16 units, not printable. */
export function nameOfPrint(print: Print): string {
  const [a, b, c, d] = print as unknown as [number, number, number, number];
  return String.fromCharCode(
    a & 0xffff,
    a >>> 16,
    b & 0xffff,
    b >>> 16,
    c & 0xffff,
    c >>> 16,
    d & 0xffff,
    d >>> 16,
  );
}

/** The print that a name stands for. */
export function printOfName(name: string): Print {
  return Int32Array.from({ length: 4 }, (_, i) => wordAt(name, i * 2, 16));
}

/** A key and those that Chaskey makes of it for the last block. */
class KindKey {
  readonly key: Words;
  /** Where the last block is full. */
  readonly whole: Words;
  /** Where it was padded. */
  readonly padded: Words;
  /** For values with characters above U+00FF, which are read by 16 bits instead of 8. */
  readonly wide: Words;

  constructor(key: Words) {
    this.key = key;
    this.whole = timesTwo(key);
    this.padded = timesTwo(this.whole);
    this.wide = timesTwo(this.padded);
  }
}

/** Chaskey of a text under a key of four words: the function itself, for its published vectors. */
export function chaskeyOf(key: Words, text: string): Print {
  const print = new Int32Array(4);
  mac(new KindKey(key), text, print);
  return print;
}

function mac(kind: KindKey, text: string, out: Print): void {
  const { length } = text;
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) > 0xff) return chaskey(kind.key, kind.wide, text, 16, out);
  }
  const full = length > 0 && (length & 15) === 0;
  chaskey(kind.key, full ? kind.whole : kind.padded, text, 8, out);
}

/**
 * One function with its state in locals: calls and module variables would triple its time.
 * `bits` is how many of each UTF-16 unit are read; values read by 16 are always padded.
 */
function chaskey(key: Words, last: Words, text: string, bits: 8 | 16, out: Print): void {
  const perWord = 32 / bits;
  const blocks = bits === 8 ? Math.max(1, (text.length + 15) >> 4) : (text.length >> 3) + 1;
  let a = key[0] as number;
  let b = key[1] as number;
  let c = key[2] as number;
  let d = key[3] as number;
  for (let block = 1, at = 0; block <= blocks; block++, at += perWord * 4) {
    a ^= wordAt(text, at, bits);
    b ^= wordAt(text, at + perWord, bits);
    c ^= wordAt(text, at + perWord * 2, bits);
    d ^= wordAt(text, at + perWord * 3, bits);
    if (block === blocks) {
      a ^= last[0] as number;
      b ^= last[1] as number;
      c ^= last[2] as number;
      d ^= last[3] as number;
    }
    for (let round = 0; round < 8; round++) {
      a = (a + b) | 0;
      b = ((b << 5) | (b >>> 27)) ^ a;
      a = (a << 16) | (a >>> 16);
      c = (c + d) | 0;
      d = ((d << 8) | (d >>> 24)) ^ c;
      a = (a + d) | 0;
      d = ((d << 13) | (d >>> 19)) ^ a;
      c = (c + b) | 0;
      b = ((b << 7) | (b >>> 25)) ^ c;
      c = (c << 16) | (c >>> 16);
    }
  }
  out[0] = a ^ (last[0] as number);
  out[1] = b ^ (last[1] as number);
  out[2] = c ^ (last[2] as number);
  out[3] = d ^ (last[3] as number);
}

/** Four bytes of the text, little-endian; behind its end, the padding 1, 0, 0 … */
function wordAt(text: string, at: number, bits: 8 | 16): number {
  if (bits === 8 && at + 4 <= text.length) {
    return (
      text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)
    );
  }
  let word = 0;
  for (let i = at, shift = 0; shift < 32; i++, shift += bits) {
    if (i < text.length) word |= text.charCodeAt(i) << shift;
    else if (i === text.length) word |= 1 << shift;
  }
  return word;
}

/** Doubling in GF(2^128), as Chaskey does it. */
function timesTwo(k: Words): Words {
  const [a, b, c, d] = k as unknown as [number, number, number, number];
  const carry = (d >>> 31) * 0x87;
  return Int32Array.of(
    (a << 1) ^ carry,
    (b << 1) | (a >>> 31),
    (c << 1) | (b >>> 31),
    (d << 1) | (c >>> 31),
  );
}
