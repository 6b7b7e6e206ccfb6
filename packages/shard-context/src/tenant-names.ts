import { SwitchyardError, printName } from './errors.ts';

/**
 * The forms of names. `word`: `[a-z0-9][a-z0-9._:-]*`, which the collations of MySQL and MariaDB
 * distinguish, except a few that tenant columns may not have. `number`: decimal, without leading zeros.
 * `uuid`: its canonical lower-case form. `hex`: bytes in lower case, as binary columns are named.
 */
export type TenantNameForm = 'word' | 'number' | 'uuid' | 'hex';

/** Which names of tenants a fleet allows. */
export interface TenantNamesDefinition {
  /** Default `word`. */
  readonly form?: TenantNameForm;
  /** A further rule, for the whole name. Default: none. */
  readonly pattern?: RegExp;
  /** Longest name, in bytes. Default 63 (`number`: 18), at most 255. */
  readonly maxLength?: number;
  /**
   * Lets `pattern` alone decide, in place of the form: names with capitals, or of any script. Every
   * tenant column must then declare a collation that ends in `_bin`. Default false.
   */
  readonly anyCharacter?: boolean;
}

/** The names that a column can store and distinguish: it narrows the declaration of the fleet. */
export interface TenantNameLimit {
  readonly form?: TenantNameForm | undefined;
  /** Longest name, in bytes. */
  readonly maxLength: number;
  /** Shortest name, in bytes. Default 1. */
  readonly minLength?: number;
  /** The column that sets the limit: `Bill.customer (int)`. */
  readonly column: string;
}

/** The system tables cannot store a longer name. */
const LONGEST = 255;
const DEFAULT_LENGTH = { word: 63, number: 18, uuid: 36, hex: 63 } as const;
const PATTERN: Readonly<Record<TenantNameForm, RegExp>> = {
  word: /^[a-z0-9][a-z0-9._:-]*$/,
  number: /^(?:0|[1-9][0-9]*)$/,
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  hex: /^(?:[0-9a-f]{2})+$/,
};
const WORDS: Readonly<Record<TenantNameForm, string>> = {
  word: 'a name has lower-case letters, digits, ".", "_", ":" and "-", and begins with a letter or digit',
  number: 'a name is a decimal number without leading zeros',
  uuid: 'a name is a UUID in lower case',
  hex: 'a name is an even number of hexadecimal digits in lower case',
};

/** The name is not one that the fleet allows for tenants. Nothing ran. */
export class TenantNameRefusedError extends SwitchyardError {
  static override readonly code = 'TENANT_NAME_REFUSED';
  /** The name as messages print it: cut and escaped. */
  readonly printedName: string;

  constructor(attempted: string, name: unknown, reason: string) {
    const printedName = printName(name);
    super({
      attempted,
      reason: `${printedName} is not a name that the fleet allows for a tenant: ${reason}`,
      remedy: 'Use an allowed name, or declare the names of the fleet: tenantNames of the topology',
    });
    this.printedName = printedName;
  }
}

/**
 * The one place that decides which names a tenant may have. Many parts compare names: directory,
 * fence, table, cache, queue. If one of them took two names for the same name, two tenants would share
 * their rows. Therefore only names that all of these parts distinguish are allowed.
 */
export class TenantNames {
  readonly #anyCharacter: boolean;
  readonly #rules = new Map<RegExp, string>();
  /** The keys of the rules: every entry into a tenant's context passes here. */
  #patterns: readonly RegExp[] = [];
  #maxLength: number;
  #minLength = 1;
  /** Names the column that sets the longest or shortest name, where one does. */
  #lengthOf = '';

  constructor(definition: TenantNamesDefinition = {}) {
    const { form = 'word', pattern, maxLength, anyCharacter = false } = definition;
    this.#anyCharacter = anyCharacter;
    this.#maxLength = maxLength ?? DEFAULT_LENGTH[form];
    if (!anyCharacter) this.#rules.set(PATTERN[form], WORDS[form]);
    if (pattern !== undefined) this.#rules.set(pattern, `a name matches ${String(pattern)}`);
    this.#patterns = [...this.#rules.keys()];
  }

  /** True where names may have characters that a case-insensitive collation takes for others. */
  get anyCharacter(): boolean {
    return this.#anyCharacter;
  }

  /** True for an allowed name. */
  allows(name: unknown): name is string {
    return this.problemOf(name) === undefined;
  }

  /** Why a name is not allowed; undefined where it is. */
  problemOf(name: unknown): string | undefined {
    if (typeof name !== 'string' || name === '') return 'a name is a text, and not empty';
    if (this.#hasWrongLength(name)) return this.#lengthProblem();
    for (let i = 0; i < this.#patterns.length; i++) {
      const rule = this.#patterns[i] as RegExp;
      if (!rule.test(name)) return this.#rules.get(rule);
    }
    return this.#anyCharacter && !isSound(name)
      ? 'a name has no control characters, no halves of characters, and no space at its ends'
      : undefined;
  }

  /** @throws TenantNameRefusedError */
  check(attempted: string, name: unknown): asserts name is string {
    const problem = this.problemOf(name);
    if (problem !== undefined) throw new TenantNameRefusedError(attempted, name, problem);
  }

  /**
   * From now on allows only names that the column can store too: the narrowest column counts. The data
   * source calls it at its start, for each tenant column.
   */
  narrow({ form, maxLength, minLength = 1, column }: TenantNameLimit): void {
    const ruled = form !== undefined && !this.#rules.has(PATTERN[form]);
    if (ruled) this.#rules.set(PATTERN[form], `${WORDS[form]}, as ${column} keeps it`);
    this.#patterns = [...this.#rules.keys()];
    if (maxLength < this.#maxLength || minLength > this.#minLength) {
      this.#lengthOf = `, as ${column} keeps it`;
    }
    this.#maxLength = Math.min(this.#maxLength, maxLength);
    this.#minLength = Math.max(this.#minLength, minLength);
  }

  #hasWrongLength(name: string): boolean {
    // A character has at least one byte: this refuses a name of 1 MB without counting its bytes.
    if (name.length > this.#maxLength) return true;
    const bytes = this.#anyCharacter ? Buffer.byteLength(name) : name.length;
    return bytes > this.#maxLength || bytes < this.#minLength;
  }

  #lengthProblem(): string {
    return `a name has ${this.#minLength} to ${this.#maxLength} bytes${this.#lengthOf}`;
  }
}

/** A pad-space collation drops spaces at the end, others ignore control characters. */
function isSound(name: string): boolean {
  return name.trim() === name && !/\p{C}/u.test(name);
}

/** What is wrong with a declaration of names, by field; empty where it is right. */
export function tenantNamesProblems(
  definition: TenantNamesDefinition | undefined,
): { field: string; problem: string }[] {
  if (definition === undefined) return [];
  const { form, pattern, maxLength, anyCharacter } = definition;
  const problems: { field: string; problem: string }[] = [];
  const found = (field: string, problem: string) =>
    void problems.push({ field: `tenantNames.${field}`, problem });
  if (form !== undefined && !Object.hasOwn(PATTERN, form)) {
    found('form', `is ${printName(form)}; expected ${Object.keys(PATTERN).join(', ')}`);
  }
  if (pattern !== undefined && !isWholePattern(pattern)) {
    found('pattern', 'must be a RegExp from ^ to $, without the flags g, y and m');
  }
  if (maxLength !== undefined && !isLength(maxLength)) {
    found('maxLength', `is ${printName(maxLength)}; expected a whole number from 1 to ${LONGEST}`);
  }
  if (anyCharacter === true && (pattern === undefined || form !== undefined)) {
    found('anyCharacter', 'needs a pattern, and no form');
  }
  return problems;
}

/** With `g` or `y`, a RegExp starts where its last match stopped. */
function isWholePattern(pattern: unknown): boolean {
  if (!(pattern instanceof RegExp) || /[gym]/.test(pattern.flags)) return false;
  return pattern.source.startsWith('^') && pattern.source.endsWith('$');
}

function isLength(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LONGEST;
}
