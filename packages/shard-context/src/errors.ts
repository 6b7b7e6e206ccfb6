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
  readonly code: SwitchyardErrorCode;
  /** True where the same call may succeed later without a change of code or configuration. */
  readonly retryable: boolean;
  /** The shard on which it was attempted, where there is one. */
  readonly shard: string | undefined;
  /** What was attempted, as the caller would say it. */
  readonly attempted: string;
  /** Why it was refused or failed: one sentence without a full stop. */
  readonly reason: string;
  /** What to do now: one sentence in the imperative, without a full stop. */
  readonly remedy: string;

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    const on = refusal.shard === undefined ? '' : ` on shard ${refusal.shard}`;
    super(`${refusal.attempted}${on}: ${refusal.reason}. ${refusal.remedy}.`, options);
    this.name = new.target.name;
    this.code = new.target.code as SwitchyardErrorCode;
    this.retryable = new.target.retryable;
    this.shard = refusal.shard;
    this.attempted = refusal.attempted;
    this.reason = refusal.reason;
    this.remedy = refusal.remedy;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Every error by its code. Each package adds its own by module augmentation, so that this one names
 * nothing above it: the codes that a program knows are those of the packages that it imports.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by augmentation
export interface SwitchyardErrors {}

/** A code of an error of Switchyard: a misspelt one does not compile. */
export type SwitchyardErrorCode = keyof SwitchyardErrors;

/**
 * True when `error` is Switchyard's, also when it was thrown by another installed copy of the
 * package; with `code`, only when it is that one, whose fields it then has.
 */
export function isSwitchyardError(error: unknown): error is SwitchyardError;
export function isSwitchyardError<Code extends SwitchyardErrorCode>(
  error: unknown,
  code: Code,
): error is Extract<SwitchyardErrors[Code], SwitchyardError>;
export function isSwitchyardError(error: unknown, code?: SwitchyardErrorCode): boolean {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as { code?: unknown }).code === code;
}

/** Who wraps errors wraps them once or twice. */
const MAX_DEPTH = 4;

/** An error, and what it names as its cause, from the outside in. */
export function* causesOf(error: unknown): Generator<object> {
  let cause = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof cause === 'object' && cause !== null; depth++) {
    yield cause;
    cause = (cause as { cause?: unknown }).cause;
  }
}

/** Most characters of a name that a message repeats. */
const LONGEST = 64;
const PLAIN = /^[\w.:@+~-]+$/;
const UNPRINTABLE = /[^\x20-\x7e]/g;

/**
 * A name as messages repeat it: cut, and escaped where it is more than letters, digits and simple
 * signs. A name may come from outside, and what stands in a log must not be longer or other than
 * a name: 1 MB, a line break, a mark that turns the direction of the text.
 */
export function printName(name: unknown): string {
  const text = typeof name === 'string' ? name : String(name);
  if (text.length <= LONGEST && PLAIN.test(text)) return text;
  const shown = JSON.stringify(text.slice(0, LONGEST)).replace(UNPRINTABLE, escaped);
  return text.length > LONGEST ? `${shown}… (${text.length} characters)` : shown;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
