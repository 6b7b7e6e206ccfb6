import type { RoutingKey } from '@switchyard/shard-context';
import { TenantUnknownError } from '@switchyard/shard-context/internal';
import type { FoundKey, StoredKey } from './contract/directory-store.ts';
import { KeyMalformedError, KeyTakenError } from './contract/errors.ts';
import type { KeyFormats } from './keys/key-format.ts';
import type { KeyHash } from './keys/key-hash.ts';
import type { StoreCalls } from './cache/store-calls.ts';

const REVOKED = 'it was revoked';
const TAKEN = 'it already names another tenant';

/** Adds and revokes keys. A key once added names its tenant for good, revoked or not. */
export class KeyBook {
  readonly #calls: StoreCalls;
  readonly #hash: KeyHash;
  readonly #formats: KeyFormats;

  constructor(calls: StoreCalls, hash: KeyHash, formats: KeyFormats) {
    this.#calls = calls;
    this.#hash = hash;
    this.#formats = formats;
  }

  /**
   * Stores the key, under the current secret. A key of a previous secret is stored once more, so
   * that adding all keys again completes a rotation.
   * @throws KeyMalformedError, KeyTakenError, TenantUnknownError, DirectoryUnavailableError
   */
  async add(key: RoutingKey, tenant: string): Promise<void> {
    const { kind } = key;
    if (!this.#formats.isWellFormed(key)) throw new KeyMalformedError(String(kind));
    if ((await this.#calls.placement(tenant)) === undefined) throw new TenantUnknownError(tenant);
    const [current, ...previous] = this.#hash.digests(key);
    const others = previous.map(({ digest }) => digest);
    await this.#refuseTaken(kind, tenant, others);
    const stored = await this.#calls.call(`add a routing key of kind ${kind}`, (store) =>
      store.insertKey({ ...current, kind, tenant, revoked: false }),
    );
    refuse(stored, kind, tenant);
    await this.#recheck(stored, others);
  }

  /** Revokes the key under every secret; false where it was not there. */
  async revoke(key: RoutingKey): Promise<boolean> {
    const revoked = await Promise.all(
      this.#hash
        .digests(key)
        .map(({ digest }) =>
          this.#calls.call(`revoke a routing key of kind ${key.kind}`, (store) =>
            store.revokeKey(digest),
          ),
        ),
    );
    return revoked.includes(true);
  }

  async #refuseTaken(kind: string, tenant: string, digests: readonly string[]): Promise<void> {
    for (const found of await this.#find(kind, digests)) refuse(found, kind, tenant);
  }

  /**
   * During a rotation two processes may store one key under two secrets at the same moment. Both
   * then look again; whoever sees the other's takes its own back, so that never both are told yes.
   */
  async #recheck(stored: StoredKey, others: readonly string[]): Promise<void> {
    const { kind, tenant, digest } = stored;
    try {
      await this.#refuseTaken(kind, tenant, others);
    } catch (error) {
      if (error instanceof KeyTakenError) {
        await this.#calls.call(`take back a routing key of kind ${kind}`, (store) =>
          store.removeKey(digest),
        );
      }
      throw error;
    }
  }

  async #find(kind: string, digests: readonly string[]): Promise<FoundKey[]> {
    if (digests.length === 0) return [];
    return this.#calls.call(`look for a routing key of kind ${kind}`, (store, signal) =>
      store.findKeys(digests, { from: 'primary', signal }),
    );
  }
}

function refuse(found: StoredKey, kind: string, tenant: string): void {
  if (found.revoked) throw new KeyTakenError(kind, REVOKED);
  if (found.tenant !== tenant) throw new KeyTakenError(kind, TAKEN);
}
