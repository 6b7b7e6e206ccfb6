import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { GlobalIdKeyError } from './gid-errors.ts';

/** A secret key and the id by which signatures name it. The id is public. */
export interface SigningKey {
  /** 1 to 32 letters, digits, `_` or `-`; never reused for another key. */
  readonly id: string;
  /** From `crypto.createSecretKey`. A Buffer in its place costs nine times as much on Node 24. */
  readonly key: KeyObject;
}

const KEY_ID = /^[\w-]{1,32}$/;
const MIN_KEY_BYTES = 32;
/** 32 bytes in base64url. */
const SIGNATURE_LENGTH = 43;
/** Written and compared without a pause in between, so that one pair serves all. */
const [EXPECTED, GIVEN] = [Buffer.alloc(SIGNATURE_LENGTH), Buffer.alloc(SIGNATURE_LENGTH)];

/** Makes and compares HMAC-SHA256 over text, with one key to sign and several to verify. */
export class Mac {
  readonly signingId: string;
  readonly #signing: KeyObject;
  readonly #keys = new Map<string, KeyObject>();

  /** @throws GlobalIdKeyError */
  constructor(signing: SigningKey, verifying: readonly SigningKey[] = []) {
    for (const { id, key } of [signing, ...verifying]) this.#accept(id, key);
    this.signingId = signing.id;
    this.#signing = signing.key;
  }

  /** The signature of `text` by the signing key, in base64url: 43 characters. */
  sign(text: string): string {
    return createHmac('sha256', this.#signing).update(text).digest('base64url');
  }

  /** True when `signature` is that of `text` by the key of that id. Takes equally long either way. */
  verify(text: string, keyId: string, signature: string): boolean {
    const key = this.#keys.get(keyId);
    // An unknown key does the same work, so that the time does not tell which keys exist.
    const mac = createHmac('sha256', key ?? this.#signing).update(text);
    // As text: a digest as a Buffer costs half as much again as the whole signature.
    const expected = mac.digest('base64url');
    EXPECTED.write(expected, 'latin1');
    GIVEN.fill(0).write(signature, 'latin1');
    const isEqual = timingSafeEqual(GIVEN, EXPECTED);
    // Compared as text too, once equal bytes are no news: latin1 keeps only half of a character.
    return isEqual && signature === expected && key !== undefined;
  }

  #accept(id: string, key: KeyObject): void {
    if (typeof id !== 'string' || !KEY_ID.test(id)) {
      throw new GlobalIdKeyError('a key id is not 1 to 32 letters, digits, _ or -');
    }
    const size = isSecretKey(key) ? (key.symmetricKeySize ?? 0) : 0;
    if (size < MIN_KEY_BYTES) {
      throw new GlobalIdKeyError(`key ${id} is not a secret KeyObject of at least 32 bytes`);
    }
    const known = this.#keys.get(id);
    if (known !== undefined && known !== key && !known.equals(key)) {
      throw new GlobalIdKeyError(`two keys have the id ${id}`);
    }
    this.#keys.set(id, key);
  }
}

function isSecretKey(key: unknown): key is KeyObject {
  return typeof key === 'object' && key !== null && (key as KeyObject).type === 'secret';
}
