/**
 * What a token is. `word`: a bare word, in upper case; `name`: a quoted or dotted name; `variable`:
 * `@x` or `@@x`, in lower case; `text`: a string; `mark`: one character that is none of these;
 * `assign`: `:=`.
 */
export type TokenKind = 'word' | 'name' | 'variable' | 'text' | 'mark' | 'assign';

/** One token of a statement. Comments and white space are none; a version comment's content is. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** True inside a version comment, which one server runs and another skips. */
  readonly versioned: boolean;
}

/** All tokens of an SQL text. */
export interface Scan {
  readonly tokens: readonly Token[];
  /** Version comments seen. */
  readonly versionComments: number;
  /** False where a string, a quoted name or a comment has no end: nobody can say what it means. */
  readonly complete: boolean;
}

const SPACE = /[ \t\n\v\f\r\0]/;
/** MySQL: an unquoted name has letters, digits, $ and _, and everything beyond ASCII. */
const NAME_PART = /[0-9A-Za-z$_\u0080-\uffff]/;
const WORD = /[0-9A-Za-z$_\u0080-\uffff]+/y;
/** `/*!`, `/*!50000`, and MariaDB's own `/*M!`. */
const VERSION_COMMENT = /\/\*M?!\d*/y;

/** Splits an SQL text into tokens, as the servers' own lexers would in their default SQL mode. */
export function scan(sql: string): Scan {
  return new Scanner(sql).run();
}

class Scanner {
  readonly #sql: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #versioned = false;
  #versionComments = 0;
  #complete = true;

  constructor(sql: string) {
    this.#sql = sql;
  }

  run(): Scan {
    while (this.#at < this.#sql.length) this.#step(this.#sql.charAt(this.#at));
    const complete = this.#complete && !this.#versioned;
    return { tokens: this.#tokens, versionComments: this.#versionComments, complete };
  }

  #step(char: string): void {
    if (SPACE.test(char)) this.#at += 1;
    else if (NAME_PART.test(char)) this.#word();
    else if (char === "'" || char === '"') this.#push('text', this.#quoted(char));
    else if (char === '`') this.#push('name', this.#quoted(char));
    else if (char === '@') this.#variable();
    else if (!this.#comment(char)) this.#mark(char);
  }

  #word(): void {
    const word = this.#match(WORD);
    const last = this.#tokens.at(-1);
    // After a dot even a keyword is a name, and `1.update` does not come up.
    if (last?.kind === 'mark' && last.text === '.') this.#push('name', word);
    else this.#push('word', word.toUpperCase());
  }

  #mark(char: string): void {
    if (char === ':' && this.#sql.charAt(this.#at + 1) === '=') {
      this.#at += 2;
      this.#push('assign', ':=');
      return;
    }
    this.#at += 1;
    this.#push('mark', char);
  }

  /** `@x`, `@'x'`, `@@x`, `@@global.x`: one token with the dots in it. */
  #variable(): void {
    const start = this.#at;
    while (this.#sql.charAt(this.#at) === '@') this.#at += 1;
    const quote = this.#sql.charAt(this.#at);
    if (quote === "'" || quote === '"' || quote === '`') this.#quoted(quote);
    else {
      while (NAME_PART.test(this.#sql.charAt(this.#at)) || this.#sql.charAt(this.#at) === '.') {
        this.#at += 1;
      }
    }
    this.#push('variable', this.#sql.slice(start, this.#at).toLowerCase());
  }

  /** Skips what a quote opens and returns it; a doubled quote and a backslash keep it open. */
  #quoted(quote: string): string {
    const start = this.#at;
    this.#at += 1;
    while (this.#at < this.#sql.length) {
      const char = this.#sql.charAt(this.#at);
      if (char === quote && this.#sql.charAt(this.#at + 1) !== quote) {
        this.#at += 1;
        return this.#sql.slice(start, this.#at);
      }
      const escapes = char === quote || (char === '\\' && quote !== '`');
      this.#at += escapes ? 2 : 1;
    }
    this.#complete = false;
    return this.#sql.slice(start);
  }

  /** True when a comment began (or a version comment ended) here; it is behind us then. */
  #comment(char: string): boolean {
    const two = this.#sql.slice(this.#at, this.#at + 2);
    if (char === '#' || (two === '--' && this.#endsDashes())) return this.#skipTo('\n', false);
    if (two === '*/' && this.#versioned) {
      this.#versioned = false;
      this.#at += 2;
      return true;
    }
    if (two !== '/*') return false;
    if (this.#match(VERSION_COMMENT) === '') return this.#skipTo('*/', true);
    this.#versioned = true;
    this.#versionComments += 1;
    return true;
  }

  /** Two dashes begin a comment only before a space, a control character or the end. */
  #endsDashes(): boolean {
    const next = this.#sql.charAt(this.#at + 2);
    return next === '' || next <= ' ';
  }

  #skipTo(end: string, required: boolean): true {
    const found = this.#sql.indexOf(end, this.#at + (required ? 2 : 0));
    if (found === -1 && required) this.#complete = false;
    this.#at = found === -1 ? this.#sql.length : found + end.length;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#sql)?.[0] ?? '';
    this.#at += matched.length;
    return matched;
  }

  #push(kind: TokenKind, text: string): void {
    this.#tokens.push({ kind, text, versioned: this.#versioned });
  }
}
