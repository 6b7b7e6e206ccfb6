import { scan, type Token } from '@switchyard/mysql/internal';
import { isMark, isWord, MODIFIERS } from './read-tables.ts';

/** A query for the rows that a data statement touches. */
export interface TouchedRows {
  /** What stands behind SELECT 1. */
  readonly from: string;
  /** Which of the statement's parameters it takes, in order, from 0. */
  readonly parameters: readonly number[];
}

/** A part of the text: one past the last character is its end. */
type Range = readonly [start: number, end: number];

/**
 * The rows of an UPDATE, a DELETE or an INSERT … SELECT, as its FROM and WHERE; undefined where the
 * statement's form is not known, and then its whole tables count. In time in proportion to the text.
 */
export function touchedRows(sql: string): TouchedRows | undefined {
  const words = new OuterWords(sql);
  if (words.first('INSERT', 'REPLACE') !== undefined) return selectedRows(words, sql);
  // What a WITH names may stand in the FROM: such statements are rare, and their whole tables count.
  if (words.first('WITH') !== undefined) return undefined;
  return words.first('UPDATE') === undefined ? deletedRows(words, sql) : updatedRows(words, sql);
}

function selectedRows(words: OuterWords, sql: string): TouchedRows | undefined {
  const start = words.find('WITH', 'SELECT');
  if (start === undefined || words.find('VALUES', 'VALUE', 'SET') !== undefined) return undefined;
  const end = words.find('ON DUPLICATE', 'RETURNING')?.[0] ?? words.end;
  const { text, parameters } = taken(sql, [[start[0], end]]);
  return { from: `(${text}) AS selected`, parameters };
}

function updatedRows(words: OuterWords, sql: string): TouchedRows | undefined {
  const set = words.find('SET');
  return set === undefined ? undefined : withWhere(words, sql, [words.afterVerb, set[0]]);
}

function deletedRows(words: OuterWords, sql: string): TouchedRows | undefined {
  const from = words.find('USING') ?? words.find('FROM');
  if (from === undefined) return undefined;
  return withWhere(words, sql, [from[1], words.find('WHERE')?.[0] ?? endOf(words)]);
}

function withWhere(words: OuterWords, sql: string, from: Range): TouchedRows {
  const where = words.find('WHERE');
  const ranges: Range[] = where === undefined ? [from] : [from, [where[0], endOf(words)]];
  const { text, parameters } = taken(sql, ranges);
  return { from: text, parameters };
}

/** What sorts makes no difference to a count, and neither does what is returned. */
function endOf(words: OuterWords): number {
  return words.find('ORDER BY', 'RETURNING')?.[0] ?? words.end;
}

/** The words of a statement that stand in no brackets, with their places. */
class OuterWords {
  /** Where the statement ends. */
  readonly end: number;
  readonly #outer: { readonly token: Token; readonly place: Range }[] = [];

  constructor(sql: string) {
    const { tokens, positions } = scan(sql, { positions: true });
    let depth = 0;
    let end = sql.length;
    for (const [i, token] of tokens.entries()) {
      const place: Range = [positions[2 * i] ?? 0, positions[2 * i + 1] ?? 0];
      if (isMark(token, ';')) {
        [end] = place;
        break;
      }
      if (isMark(token, ')')) depth -= 1;
      if (depth === 0) this.#outer.push({ token, place });
      if (isMark(token, '(')) depth += 1;
    }
    this.end = end;
  }

  /** Where what follows the verb and its modifiers begins. */
  get afterVerb(): number {
    const next = this.#outer.slice(1).find(({ token }) => !isWord(token, ...MODIFIERS));
    return next?.place[0] ?? this.end;
  }

  /** The first word, if it is one of these. */
  first(...words: readonly string[]): Range | undefined {
    const [first] = this.#outer;
    return isWord(first?.token, ...words) ? first?.place : undefined;
  }

  /** The first place of one of these words, or pairs of words with a space. */
  find(...wanted: readonly string[]): Range | undefined {
    const pairs = wanted.map((words) => words.split(' '));
    const found = this.#outer.findIndex(({ token }, i) =>
      pairs.some(([word = '', next]) => {
        if (!isWord(token, word)) return false;
        const after = this.#outer[i + 1]?.token;
        return next === undefined ? !(word === 'USING' && isMark(after, '(')) : isWord(after, next);
      }),
    );
    return this.#outer[found]?.place;
  }
}

/** The driver puts a value for each question mark, wherever it stands. */
function taken(sql: string, ranges: readonly Range[]): { text: string; parameters: number[] } {
  const marks = [...sql.matchAll(/\?+/g)].map(({ index }) => index);
  const within = (mark: number) => ranges.some(([start, end]) => mark >= start && mark < end);
  return {
    text: ranges.map(([start, end]) => sql.slice(start, end).trim()).join(' '),
    parameters: marks.flatMap((mark, number) => (within(mark) ? [number] : [])),
  };
}
