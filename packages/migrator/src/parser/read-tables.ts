import { scan, type Token } from '@switchyard/mysql/internal';
import { unquote } from './parse-node.ts';

/** Brackets in brackets beyond which a statement is refused: no one writes them, and parsers break. */
const DEEPEST = 200;

/** A table that a statement reads or changes. */
interface TableReference {
  /** The database in front of it, where one is written. */
  readonly database: string | undefined;
  readonly table: string;
}

/** What the tokens of a statement say, without its grammar. */
export interface ScannedStatement {
  readonly tokens: readonly Token[];
  readonly tables: readonly TableReference[];
  /** False where it has no end, or holds more than a statement. */
  readonly isOne: boolean;
  readonly isTooDeep: boolean;
  /** The text of a token as it was written. */
  textOf(index: number): string;
}

/** After these words a table is named. */
const BEFORE_TABLE = new Set(['FROM', 'JOIN', 'STRAIGHT_JOIN', 'INTO', 'UPDATE', 'TABLE', 'USING']);
/** Words that may stand between such a word, or the verb, and the table. */
export const MODIFIERS: ReadonlySet<string> = new Set([
  'LOW_PRIORITY',
  'HIGH_PRIORITY',
  'DELAYED',
  'QUICK',
  'IGNORE',
  'LATERAL',
]);
/** Functions in whose brackets FROM is no clause: EXTRACT(YEAR FROM x). */
const WITH_FROM = new Set(['EXTRACT', 'TRIM', 'SUBSTRING', 'SUBSTR', 'MID']);
/** Words that end a list of tables. */
const AFTER_TABLES = new Set([
  ...['SET', 'WHERE', 'VALUES', 'VALUE', 'SELECT', 'ON', 'GROUP', 'ORDER', 'LIMIT', 'HAVING'],
  ...['UNION', 'WINDOW', 'RETURNING', 'FOR', 'LOCK'],
]);
/** What a query in brackets begins with. */
const QUERIES = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE']);

/**
 * The tables of a statement that changes rows or makes a view, told from its tokens in one pass: time
 * in proportion to its length, however many rows or conditions it has.
 */
export function scanStatement(sql: string): ScannedStatement {
  const { tokens, positions, complete, versionComments } = scan(sql, { positions: true });
  const end = tokens.findIndex((token) => isMark(token, ';'));
  const hasMore = end !== -1 && tokens.slice(end).some((token) => !isMark(token, ';'));
  const textOf = (i: number) => sql.slice(positions[2 * i], positions[2 * i + 1]);
  const reader = new TableReader(tokens, textOf);
  reader.read();
  return {
    tokens,
    tables: reader.tables,
    isOne: complete && !hasMore && versionComments === 0,
    isTooDeep: reader.deepest > DEEPEST,
    textOf,
  };
}

/** True where brackets stand deeper than {@link DEEPEST}. */
export function isTooDeep(sql: string): boolean {
  let depth = 0;
  return scan(sql).tokens.some((token) => {
    if (isMark(token, '(')) depth += 1;
    else if (isMark(token, ')')) depth -= 1;
    return depth > DEEPEST;
  });
}

class TableReader {
  readonly tables: TableReference[] = [];
  deepest = 0;
  readonly #tokens: readonly Token[];
  readonly #textOf: (index: number) => string;
  /** Names that a WITH gives to queries: no tables. */
  readonly #queries = new Set<string>();
  /** For each open bracket: whether FROM is a clause in it, and whether a comma goes on with tables. */
  readonly #levels: { isFunction: boolean; inTables: boolean }[] = [
    { isFunction: false, inTables: false },
  ];
  readonly #hasQueries: boolean;
  #expects = false;

  constructor(tokens: readonly Token[], textOf: (index: number) => string) {
    this.#tokens = tokens;
    this.#textOf = textOf;
    this.#hasQueries = tokens.some((token) => isWord(token, 'WITH'));
  }

  read(): void {
    for (let at = 0; at < this.#tokens.length; at += 1) at = this.#step(at);
  }

  /** Returns the index of the last token that was read. */
  #step(at: number): number {
    const token = this.#tokens[at] as Token;
    const level = this.#levels.at(-1) ?? { isFunction: false, inTables: false };
    if (isMark(token, '(')) this.#open(at);
    else if (isMark(token, ')')) this.#close();
    else if (isMark(token, ',')) this.#expects = level.inTables;
    else if (token.kind === 'name' || token.kind === 'word') return this.#word(at, token, level);
    else this.#expects = false;
    return at;
  }

  #word(at: number, token: Token, level: { isFunction: boolean; inTables: boolean }): number {
    const word = token.kind === 'word' ? token.text : '';
    if (this.#isQueryName(at)) this.#queries.add(unquote(this.#textOf(at)));
    if (!level.isFunction && this.#namesTableNext(at, word)) {
      this.#expects = true;
      level.inTables = word !== 'INTO' && word !== 'TABLE';
    } else if (AFTER_TABLES.has(word)) {
      this.#expects = false;
      level.inTables = false;
    } else if (this.#expects && !MODIFIERS.has(word)) return this.#table(at);
    return at;
  }

  /** `x AS (SELECT …)`, `x (a, b) AS (SELECT …)` after a WITH. */
  #isQueryName(at: number): boolean {
    const before = this.#tokens[at - 1];
    const isListed =
      before !== undefined && (isWord(before, 'WITH', 'RECURSIVE') || isMark(before, ','));
    if (!isListed || !this.#hasQueries) return false;
    let next = at + 1;
    if (isMark(this.#tokens[next], '(')) {
      while (next < this.#tokens.length && !isMark(this.#tokens[next], ')')) next += 1;
      next += 1;
    }
    const opens = this.#tokens[next + 1];
    return isWord(this.#tokens[next], 'AS') && isMark(opens, '(');
  }

  #namesTableNext(at: number, word: string): boolean {
    const before = this.#tokens[at - 1];
    if (word === 'INSERT' || word === 'REPLACE') return at === 0 || isMark(before, ')');
    if (!BEFORE_TABLE.has(word)) return false;
    if (word === 'UPDATE') return !isWord(before, 'FOR', 'KEY');
    if (word === 'USING') return !isMark(this.#tokens[at + 1], '(');
    return word !== 'TABLE' || before === undefined || isWord(before, 'INTO') || at === 0;
  }

  #table(at: number): number {
    this.#expects = false;
    const next = this.#tokens[at + 1];
    if (isMark(next, '(') && this.#tokens[at]?.kind === 'word' && !this.#isAfterInto(at)) return at;
    const first = unquote(this.#textOf(at));
    const isQualified = isMark(next, '.') && this.#tokens[at + 2]?.kind === 'name';
    const table = isQualified ? unquote(this.#textOf(at + 2)) : first;
    const database = isQualified ? first : undefined;
    const isTable =
      database !== undefined || !(this.#queries.has(table) || isDual(this.#tokens[at]));
    if (isTable) this.tables.push({ database, table });
    return isQualified ? at + 2 : at;
  }

  /** `INSERT INTO t (a)`: a table with its columns; elsewhere a word before a bracket is a function. */
  #isAfterInto(at: number): boolean {
    for (let i = at - 1; i >= 0; i -= 1) {
      const token = this.#tokens[i];
      if (!isWord(token, ...MODIFIERS)) return isWord(token, 'INTO', 'INSERT', 'REPLACE');
    }
    return false;
  }

  #open(at: number): void {
    const before = this.#tokens[at - 1];
    const isFunction = before?.kind === 'word' && WITH_FROM.has(before.text);
    const isQuery = isWord(this.#tokens[at + 1], ...QUERIES);
    this.#levels.push({ isFunction, inTables: this.#expects && !isQuery });
    if (isQuery) this.#expects = false;
    this.deepest = Math.max(this.deepest, this.#levels.length - 1);
  }

  #close(): void {
    if (this.#levels.length > 1) this.#levels.pop();
    this.#expects = false;
  }
}

function isDual(token: Token | undefined): boolean {
  return isWord(token, 'DUAL');
}

/** True for the one character `mark`. */
export function isMark(token: Token | undefined, mark: string): boolean {
  return token?.kind === 'mark' && token.text === mark;
}

/** True for one of these bare words, in upper case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text);
}
