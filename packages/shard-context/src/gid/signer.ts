import {
  GlobalIdModelRefusedError,
  GlobalIdSignatureError,
  GlobalIdInvalidError,
} from './gid-errors.ts';
import type { GlobalId } from './global-id.ts';
import { Mac, SIGNATURE_LENGTH, type SigningKey } from './mac.ts';
import { parseGlobalId } from './parse.ts';
import { formatGlobalId } from './text.ts';

/** The keys of a signer. To rotate: add the new key to `verifying` everywhere, then sign with it. */
export interface SignerKeys {
  readonly signing: SigningKey;
  /** Further keys whose signatures are still, or already, accepted. Default: none. */
  readonly verifying?: readonly SigningKey[];
  /** Milliseconds since 1970. Default: Date.now. */
  readonly now?: () => number;
}

/** The purpose of a signature, and how long it is valid: give exactly one of the ways to set that. */
export type SignOptions = {
  /** The use it is made for: `download`, `invitation`. The verifier must name the same. */
  readonly purpose: string;
} & (
  { readonly expiresAt: Date } | { readonly expiresInMs: number } | { readonly expires: 'never' }
);

/** The IDs that a verifier accepts. */
export interface VerifyOptions {
  readonly purpose: string;
  /** Names of the models that are accepted. Default: all. */
  readonly models?: readonly string[];
}

/** A signed text is `<global ID>[&x=<seconds of expiry>]&k=<key id>&sig=<43 characters>`. */
const SIGNATURE_START = '&sig=';
/** Longest signed text: a plain one and its additions. */
const SIGNED_MAX_LENGTH = 2_200;

/**
 * Signs global IDs that leave your services, and verifies them when they come back. The signature
 * covers the whole text, the expiry, the key id and the purpose.
 */
export class GlobalIdSigner {
  readonly #mac: Mac;
  readonly #now: () => number;

  /** @throws GlobalIdKeyError */
  constructor(keys: SignerKeys) {
    this.#mac = new Mac(keys.signing, keys.verifying);
    this.#now = keys.now ?? Date.now;
  }

  /** The signed text of a global ID. @throws GlobalIdInvalidError, GlobalIdShardMissingError */
  sign(value: GlobalId, options: SignOptions): string {
    refusePurpose(options);
    const covered = formatGlobalId(value) + this.#expiry(options) + this.#mac.ending;
    return covered + SIGNATURE_START + this.#mac.sign(withPurpose(covered, options.purpose));
  }

  /**
   * The global ID of a signed text.
   * @throws GlobalIdSignatureError when it was altered, has expired, was made for another purpose
   * or by an unknown key: all look the same. GlobalIdModelRefusedError when the signature is good
   * and the model is not accepted here.
   */
  verify(text: string, options: VerifyOptions): GlobalId {
    refusePurpose(options);
    const covered = this.#genuine(text, options.purpose);
    const keyAt = covered.lastIndexOf('&k=');
    const expiryAt = covered.lastIndexOf('&x=', keyAt);
    if (expiryAt !== -1 && this.#now() >= millisecondsOf(covered.slice(expiryAt + 3, keyAt))) {
      throw new GlobalIdSignatureError();
    }
    const value = parseGlobalId(covered.slice(0, expiryAt === -1 ? keyAt : expiryAt));
    const { models } = options;
    if (models === undefined || models.includes(value.model)) return value;
    throw new GlobalIdModelRefusedError(value.model, models);
  }

  #expiry(options: SignOptions): string {
    const { expires, expiresAt, expiresInMs } = options as Partial<Record<string, unknown>>;
    const given = [expires, expiresAt, expiresInMs].filter((one) => one !== undefined);
    if (given.length !== 1) {
      const reason = 'exactly one of expiresAt, expiresInMs and expires: "never" must be given';
      throw new GlobalIdInvalidError('expiry', reason);
    }
    if (expires === 'never') return '';
    // Exact to the millisecond, so that no signature is valid for longer than was asked for.
    const at = Math.floor(momentOf(expiresAt, expiresInMs, this.#now()));
    if (Number.isSafeInteger(at) && at > 0 && at < 1e15) return `&x=${secondsOf(at)}`;
    throw new GlobalIdInvalidError('expiry', 'the expiry is not a moment after 1970');
  }

  /**
   * The text that a signature covers. No part of it is read before the signature is verified: a
   * verified text was written by `sign`, so it is complete.
   */
  #genuine(text: string, purpose: string): string {
    if (typeof text !== 'string' || text.length > SIGNED_MAX_LENGTH) {
      throw new GlobalIdSignatureError();
    }
    const end = text.length - SIGNATURE_LENGTH - SIGNATURE_START.length;
    const covered = text.slice(0, Math.max(end, 0));
    const signature = text.slice(end + SIGNATURE_START.length);
    const hasForm = text.startsWith('gid://') && text.startsWith(SIGNATURE_START, end);
    if (hasForm && this.#mac.verify(withPurpose(covered, purpose), signature)) {
      return covered;
    }
    throw new GlobalIdSignatureError();
  }
}

/** Milliseconds since 1970; NaN for a value that is no date: callers in JavaScript may pass any. */
function momentOf(expiresAt: unknown, expiresInMs: unknown, now: number): number {
  if (expiresAt instanceof Date) return expiresAt.getTime();
  return typeof expiresInMs === 'number' && expiresInMs > 0 ? now + expiresInMs : Number.NaN;
}

/** A whole number of seconds, or one with three decimals. */
function secondsOf(at: number): string {
  return at % 1000 === 0 ? String(at / 1000) : (at / 1000).toFixed(3);
}

/** 0, which has passed, for an expiry that cannot be read: NaN would never count as passed. */
function millisecondsOf(seconds: string): number {
  return /^\d+(\.\d{3})?$/.test(seconds) ? Math.round(Number(seconds) * 1000) : 0;
}

function refusePurpose({ purpose }: { readonly purpose: unknown }): void {
  if (typeof purpose === 'string' && purpose !== '' && !purpose.includes('\n')) return;
  throw new GlobalIdInvalidError('purpose', 'the purpose must be text of one line, and not empty');
}

/** No global ID has a line break, so the border between purpose and text is unambiguous. */
function withPurpose(covered: string, purpose: string): string {
  return `${purpose}\n${covered}`;
}
