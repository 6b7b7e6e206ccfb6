import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { GlobalIdKeyError } from './gid-errors.ts';

/** A secret key and the id by which signatures name it. The id is public. */
export interface SigningKey {
  /** 1 to 32 letters, digits, `_` or `-`; never reused for another key. */
  readonly id: string;
  /** From `crypto.createSecretKey`: unlike a Buffer, it does not show its bytes in a log. */
  readonly key: KeyObject;
}

const KEY_ID = /^[\w-]{1,32}$/;
const MIN_KEY_BYTES = 32;

/** 32 bytes in base64url. */
export const SIGNATURE_LENGTH = 43;
/** One pair serves all calls, because it is filled and compared without an `await` in between. */
const [EXPECTED, GIVEN] = [Buffer.alloc(SIGNATURE_LENGTH), Buffer.alloc(SIGNATURE_LENGTH)];

/** A key, and how a text that it signs ends: `&k=<key id>`. */
interface NamedKey {
  readonly ending: string;
  readonly key: KeyObject;
}

/** Makes and compares HMAC-SHA256 over text, with one key to sign and several to verify. */
export class Mac {
  /** How a text that is to be signed must end. */
  readonly ending: string;
  readonly #signing: NamedKey;
  readonly #keys: NamedKey[] = [];

  /** @throws GlobalIdKeyError */
  constructor(signing: SigningKey, verifying: readonly SigningKey[] = []) {
    this.#signing = this.#accept(signing);
    this.ending = this.#signing.ending;
    for (const one of verifying) this.#accept(one);
  }

  /** The signature of `text` by the signing key, in base64url: 43 characters. */
  sign(text: string): string {
    return digest(this.#signing.key, text);
  }

  /**
   * True when `signature` is that of `text` by the key that `text` names at its end. Of signatures
   * of the right length, a wrong one takes as long as a right one.
   */
  verify(text: string, signature: string): boolean {
    const named = this.#namedBy(text);
    // An unknown key does the same work, so that the time does not tell which keys exist.
    const expected = digest((named ?? this.#signing).key, text);
    return isSame(expected, signature) && named !== undefined;
  }

  #namedBy(text: string): NamedKey | undefined {
    for (const named of this.#keys) if (text.endsWith(named.ending)) return named;
    return undefined;
  }

  #accept({ id, key }: SigningKey): NamedKey {
    if (typeof id !== 'string' || !KEY_ID.test(id)) {
      throw new GlobalIdKeyError('a key id is not 1 to 32 letters, digits, _ or -');
    }
    const size = isSecretKey(key) ? (key.symmetricKeySize ?? 0) : 0;
    if (size < MIN_KEY_BYTES) {
      throw new GlobalIdKeyError(`key ${id} is not a secret KeyObject of at least 32 bytes`);
    }
    const ending = `&k=${id}`;
    const known = this.#keys.find((named) => named.ending === ending);
    if (known === undefined) {
      const named = { ending, key };
      this.#keys.push(named);
      return named;
    }
    if (known.key.equals(key)) return known;
    throw new GlobalIdKeyError(`two keys have the id ${id}`);
  }
}

/** HMAC-SHA256 of `text` in UTF-8, in base64url. */
function digest(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** Takes the same time for all pairs of texts of one length. */
function isSame(expected: string, given: string): boolean {
  if (given.length !== expected.length) return false;
  EXPECTED.write(expected, 'latin1');
  GIVEN.write(given, 'latin1');
  // Compared as text too, once equal bytes are no news: latin1 keeps only half of a character.
  return timingSafeEqual(GIVEN, EXPECTED) && given === expected;
}

function isSecretKey(key: unknown): key is KeyObject {
  return typeof key === 'object' && key !== null && (key as KeyObject).type === 'secret';
}
