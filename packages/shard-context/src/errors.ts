const BRAND = Symbol.for('switchyard.error.v1');

/** The parts of an error message, in the order in which a reader needs them. */
export interface Refusal {
  /** The attempted operation, as it stands after “Cannot”: `insert into Account`. */
  readonly attempted: string;
  /** The shard of the operation, where there is one. */
  readonly shard?: string | undefined;
  /** Why it was refused or failed: one sentence without a full stop. */
  readonly reason: string;
  /** What to do now: one sentence in the imperative, without a full stop. */
  readonly remedy: string;
}

/**
 * Base of all errors that Switchyard throws. The message names the attempted operation (“Cannot
 * …”), the shard, the reason and the remedy. Subclasses declare `static code` (stable, never reused) and
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
  /** The shard of the operation, where there is one. */
  readonly shard: string | undefined;
  /** The attempted operation, as it stands after “Cannot”. */
  readonly attempted: string;
  /** Why it was refused or failed: one sentence without a full stop. */
  readonly reason: string;
  /** What to do now: one sentence in the imperative, without a full stop. */
  readonly remedy: string;

  constructor(refusal: Refusal, options?: { cause?: unknown }) {
    const on = refusal.shard === undefined ? '' : ` on shard ${refusal.shard}`;
    super(`Cannot ${refusal.attempted}${on}: ${refusal.reason}. ${refusal.remedy}.`, options);
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
 * True when `error` is an error of Switchyard, also one that another installed copy of the package
 * threw. With `code`: true only for an error with that code, whose fields it then has.
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

/** Hosts wrap an error once or twice: deeper causes are not looked at. */
const MAX_DEPTH = 4;

/** An error, its cause, the cause of that, and so on. */
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
 * A name as messages repeat it: cut to 64 characters, and escaped unless it consists of letters,
 * digits and simple signs. Names come from outside: without this, a name of 1 MB, with a line break
 * or with a mark that reverses the direction of text could get into a log.
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
