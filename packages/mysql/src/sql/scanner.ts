/**
 * What a token is. `word`: a bare word, in upper case; `name`: a quoted or dotted name; `variable`:
 * `@x` or `@@x`, in lower case; `text`: a string; `mark`: one character that is none of these;
 * `assign`: `:=`.
 */
type TokenKind = 'word' | 'name' | 'variable' | 'text' | 'mark' | 'assign';

/** One token of a statement. Comments and white space are none; a version comment's content is. */
export interface Token {
  readonly kind: TokenKind;
  /** The token itself; for a string only the quote that it begins with. */
  readonly text: string;
  /** True inside a version comment, which one server runs and another skips. */
  readonly versioned: boolean;
}

/** All tokens of an SQL text. */
export interface Scan {
  /** All of them where positions are asked for; otherwise rows that repeat the row before are left out. */
  readonly tokens: readonly Token[];
  /** Where each token begins, and after it where it ends; empty unless asked for. */
  readonly positions: readonly number[];
  /** Version comments seen. */
  readonly versionComments: number;
  /** False where a string, a quoted name or a comment has no end: no one can say what it means. */
  readonly complete: boolean;
}

const SPACE = 1;
const NAME = 2;
/** A token of one character, whatever follows. */
const PLAIN = 3;
/** MySQL: an unquoted name has letters, digits, $ and _, and everything beyond ASCII. */
const CLASSES = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[ \t\n\v\f\r\0]/.test(char)) return SPACE;
  if (/[0-9A-Za-z$_]/.test(char)) return NAME;
  return /['"`@#*/:-]/.test(char) ? 0 : PLAIN;
});
/** `/*!`, `/*!50000`, and MariaDB's own `/*M!`. */
const VERSION_COMMENT = /\/\*M?!\d*/y;

/** Tokens of one character are made once: an INSERT of many rows is mostly these. */
const OPENS = 0x28;
const CLOSES = 0x29;
/** A comma between two rows, with the white space around it. */
const COMMA = /^\s*,\s*(?=\()/;
const LONGEST_COMMA = 8;

const PLAIN_MARKS = marks(false);
const VERSIONED_MARKS = marks(true);

function marks(versioned: boolean): readonly Token[] {
  return Array.from({ length: 128 }, (_, code) => {
    return { kind: 'mark', text: String.fromCharCode(code), versioned };
  });
}

/**
 * Splits an SQL text into tokens, as the servers' own lexers would in their default SQL mode. Takes
 * time in proportion to the text's length.
 */
export function scan(sql: string, options?: { readonly positions: boolean }): Scan {
  return new Scanner(sql, options?.positions === true).run();
}

class Scanner {
  readonly #sql: string;
  readonly #tokens: Token[] = [];
  readonly #positions: number[] = [];
  readonly #keepsPositions: boolean;
  #at = 0;
  #versioned = false;
  #versionComments = 0;
  #complete = true;
  #depth = 0;
  /** The outermost brackets that opened last. */
  #group = { from: 0, comments: 0 };
  /** The last word, for texts that repeat one: `DEFAULT` in each row of an INSERT. */
  #lastWord: Token = { kind: 'word', text: '', versioned: false };

  constructor(sql: string, keepsPositions: boolean) {
    this.#sql = sql;
    this.#keepsPositions = keepsPositions;
  }

  run(): Scan {
    const sql = this.#sql;
    let at = 0;
    while (at < sql.length) {
      const code = sql.charCodeAt(at);
      const kind = classOf(code);
      this.#at = at += kind === SPACE || kind === PLAIN ? 1 : 0;
      if (kind === SPACE) continue;
      if (kind === PLAIN) this.#plain(code);
      else if (kind === NAME) this.#word();
      else this.#other(code);
      at = this.#at;
    }
    return {
      tokens: this.#tokens,
      positions: this.#positions,
      versionComments: this.#versionComments,
      complete: this.#complete && !this.#versioned,
    };
  }

  #plain(code: number): void {
    this.#add(markOf(code, this.#versioned), this.#at - 1);
    if (code === OPENS) {
      this.#depth += 1;
      if (this.#depth === 1) this.#group = { from: this.#at - 1, comments: this.#versionComments };
    } else if (code === CLOSES) {
      this.#depth -= 1;
      if (this.#depth === 0 && !this.#keepsPositions) this.#skipRepeats();
    }
  }

  /**
   * Skips what repeats the outermost brackets that close here, as the rows of an INSERT of many rows
   * do: they hold nothing that was not seen, and comparing texts is many times faster.
   */
  #skipRepeats(): void {
    const { from, comments } = this.#group;
    if (this.#versionComments !== comments) return;
    const [between] = COMMA.exec(this.#sql.slice(this.#at, this.#at + LONGEST_COMMA)) ?? [];
    if (between === undefined) return;
    const repeat = between + this.#sql.slice(from, this.#at);
    while (this.#sql.startsWith(repeat, this.#at)) this.#at += repeat.length;
  }

  #other(code: number): void {
    const start = this.#at;
    switch (code) {
      case 0x27: // '
      case 0x22: // "
        this.#skipQuoted(code);
        return this.#push('text', String.fromCharCode(code), start);
      case 0x60: // `
        this.#skipQuoted(code);
        return this.#push('name', this.#sql.slice(start, this.#at), start);
      case 0x40: // @
        return this.#variable();
      case 0x23: // #
      case 0x2a: // *
      case 0x2d: // -
      case 0x2f: // /
        return this.#comment(code) ? undefined : this.#mark(code);
      default:
        return this.#mark(code);
    }
  }

  #word(): void {
    const start = this.#at;
    const { text, versioned } = this.#lastWord;
    const last = this.#tokens.at(-1);
    // After a dot even a keyword is a name, and `1.update` does not come up.
    const isName = last?.kind === 'mark' && last.text === '.';
    let end = start + 1;
    while (end < this.#sql.length && classOf(this.#sql.charCodeAt(end)) === NAME) end += 1;
    this.#at = end;
    if (isName) return this.#push('name', this.#sql.slice(start, end), start);
    const repeats =
      end - start === text.length &&
      versioned === this.#versioned &&
      this.#sql.startsWith(text, start);
    if (!repeats) {
      const word = this.#sql.slice(start, end).toUpperCase();
      this.#lastWord = { kind: 'word', text: word, versioned: this.#versioned };
    }
    this.#add(this.#lastWord, start);
  }

  #mark(code: number): void {
    const start = this.#at;
    if (code === 0x3a && this.#sql.charCodeAt(start + 1) === 0x3d) {
      this.#at += 2;
      return this.#push('assign', ':=', start);
    }
    this.#at += 1;
    this.#add(markOf(code, this.#versioned), start);
  }

  /** `@x`, `@'x'`, `@@x`, `@@global.x`: one token with the dots in it. */
  #variable(): void {
    const start = this.#at;
    while (this.#sql.charAt(this.#at) === '@') this.#at += 1;
    const quote = this.#sql.charCodeAt(this.#at);
    if (quote === 0x27 || quote === 0x22 || quote === 0x60) this.#skipQuoted(quote);
    else {
      for (; this.#at < this.#sql.length; this.#at += 1) {
        const code = this.#sql.charCodeAt(this.#at);
        if (classOf(code) !== NAME && code !== 0x2e) break;
      }
    }
    this.#push('variable', this.#sql.slice(start, this.#at).toLowerCase(), start);
  }

  /** Skips what a quote opens; a doubled quote and a backslash keep it open. */
  #skipQuoted(quote: number): void {
    const { length } = this.#sql;
    this.#at += 1;
    while (this.#at < length) {
      const code = this.#sql.charCodeAt(this.#at);
      if (code === quote && this.#sql.charCodeAt(this.#at + 1) !== quote) {
        this.#at += 1;
        return;
      }
      const escapes = code === quote || (code === 0x5c && quote !== 0x60);
      this.#at += escapes ? 2 : 1;
    }
    this.#at = length;
    this.#complete = false;
  }

  /** True when a comment began (or a version comment ended) here; it is behind us then. */
  #comment(code: number): boolean {
    const next = this.#sql.charCodeAt(this.#at + 1);
    if (code === 0x23 || (code === 0x2d && next === 0x2d && this.#endsDashes())) {
      return this.#skipTo('\n', false);
    }
    if (code === 0x2a && next === 0x2f && this.#versioned) {
      this.#versioned = false;
      this.#at += 2;
      return true;
    }
    if (code !== 0x2f || next !== 0x2a) return false;
    VERSION_COMMENT.lastIndex = this.#at;
    const version = VERSION_COMMENT.exec(this.#sql)?.[0];
    if (version === undefined) return this.#skipTo('*/', true);
    this.#at += version.length;
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

  #push(kind: TokenKind, text: string, start: number): void {
    this.#add({ kind, text, versioned: this.#versioned }, start);
  }

  #add(token: Token, start: number): void {
    this.#tokens.push(token);
    if (this.#keepsPositions) this.#positions.push(start, this.#at);
  }
}

function markOf(code: number, versioned: boolean): Token {
  return (versioned ? VERSIONED_MARKS : PLAIN_MARKS)[code] as Token;
}

function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] as number) : NAME;
}
