import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { RoutingKey } from '@switchyard/shard-context';
import { DirectoryOptionsInvalidError } from '../contract/errors.ts';

/** Half of SHA-256: the shortest that RFC 2104 recommends, and half the rows' keys. */
const DIGEST_BYTES = 16;
const MIN_SECRET_BYTES = 16;
const ID = /^[\w.-]{1,32}$/;

/** A secret under which routing keys are hashed, and its name. */
export interface HashSecret {
  /** Stored beside each key, so that keys of an old secret can be counted. 1-32 of `\w.-`. */
  readonly id: string;
  /** At least 16 bytes that no one can guess. A holder of it can test guesses of stored keys. */
  readonly secret: string | Uint8Array;
}

/** The secrets of a directory. */
export interface KeyHashOptions {
  /** Hashes new keys, and is looked under first. */
  readonly current: HashSecret;
  /**
   * Looked under as well, in the same read. To rotate: deploy the new secret here first, then swap
   * the two everywhere, so that no process ever meets keys that it cannot look up.
   */
  readonly previous?: readonly HashSecret[];
}

/** A routing key's name in the store. */
export interface KeyDigest {
  readonly digest: string;
  readonly hashId: string;
}

/** Turns routing keys into their names in the store: HMAC-SHA256 with a key id, cut to 128 bits. */
export class KeyHash {
  readonly #secrets: readonly { id: string; key: KeyObject }[];

  /** @throws DirectoryOptionsInvalidError naming the secret's field, never the secret */
  constructor(options: KeyHashOptions) {
    const all = [options.current, ...(options.previous ?? [])];
    const ids = new Set(all.map((secret) => secret?.id));
    if (ids.size !== all.length) {
      throw new DirectoryOptionsInvalidError('keyHash', 'names two secrets alike');
    }
    // A KeyObject: signing with a Buffer costs nine times as much on Node 24 (facts/costs.md §5).
    this.#secrets = all.map((secret, i) => {
      const field = i === 0 ? 'keyHash.current' : `keyHash.previous[${i - 1}]`;
      return { id: checkedId(secret, field), key: createSecretKey(checkedBytes(secret, field)) };
    });
  }

  /** The names under all secrets, the current one first. */
  digests(key: RoutingKey): readonly [KeyDigest, ...KeyDigest[]] {
    return this.#secrets.map(({ id, key: secret }) => ({
      digest: createHmac('sha256', secret)
        .update(`${key.kind.length}:${key.kind}:`)
        .update(key.value)
        .digest()
        .subarray(0, DIGEST_BYTES)
        .toString('hex'),
      hashId: id,
    })) as unknown as readonly [KeyDigest, ...KeyDigest[]];
  }
}

function checkedId(secret: HashSecret | undefined, field: string): string {
  if (typeof secret?.id === 'string' && ID.test(secret.id)) return secret.id;
  throw new DirectoryOptionsInvalidError(`${field}.id`, 'is not 1-32 of letters, digits, _ . -');
}

function checkedBytes(secret: HashSecret, field: string): Buffer {
  const given: unknown = secret.secret;
  const bytes = typeof given === 'string' ? Buffer.from(given) : given;
  if (bytes instanceof Uint8Array && bytes.length >= MIN_SECRET_BYTES) return Buffer.from(bytes);
  throw new DirectoryOptionsInvalidError(
    `${field}.secret`,
    `is shorter than ${MIN_SECRET_BYTES} bytes`,
  );
}
