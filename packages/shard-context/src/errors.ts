const BRAND = Symbol.for('switchyard.error.v1');

/** The parts of an error message, in the order in which a reader needs them. */
export interface Refusal {
  /** What was attempted, as the caller would say it: `insert into Account`. */
  readonly attempted: string;
  /** The shard it was attempted on, where there is one. */
  readonly shard?: string | undefined;
  /** Why it was refused or failed: one sentence without a full stop. */
  readonly reason: string;
  /** What to do now: one sentence in the imperative, without a full stop. */
  readonly remedy: string;
}

/**
 * Base of all errors that Switchyard throws. The message says what was attempted, on which shard,
 * why it was refused and what to do. Subclasses declare `static code` (stable, never reused) and
 * `static retryable`; `docs/errors.md` lists every code, and a test holds code and page together.
 * Messages never carry secrets, routing keys or SQL parameters.
 */
export abstract class SwitchyardError extends Error {
  /** Stable, searchable name of the failure. Subclasses set it. */
  static readonly code: string = 'SWITCHYARD';
  /** True where the same call may succeed later without a change of code or configuration. */
  static readonly retryable: boolean = false;

  /** Stable, searchable name of the failure; never reused for another one. */
  readonly code: string;
  /** True where the same call may succeed later without a change of code or configuration. */
  readonly retryable: boolean;
  /** The shard on which it was attempted, where there is one. */
  readonly shard: string | undefined;
  /** What to do now. */
  readonly remedy: string;

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    const on = refusal.shard === undefined ? '' : ` on shard ${refusal.shard}`;
    super(`${refusal.attempted}${on}: ${refusal.reason}. ${refusal.remedy}.`, options);
    this.name = new.target.name;
    this.code = new.target.code;
    this.retryable = new.target.retryable;
    this.shard = refusal.shard;
    this.remedy = refusal.remedy;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * True when `error` is Switchyard's, also when it was thrown by another installed copy of the
 * package; with `code`, only when it is that one.
 */
export function isSwitchyardError(error: unknown, code?: string): error is SwitchyardError {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as { code?: unknown }).code === code;
}
