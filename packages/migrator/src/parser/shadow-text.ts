import { scan, type Token } from '@switchyard/mysql/internal';
import { isMark, isWord } from './read-tables.ts';

/**
 * The grammar is MySQL's. Words that MariaDB adds, and bound parameters, are replaced by words of
 * the same length that the grammar knows, so that every position still fits the text that is sent;
 * shorter words stand at the end of their place, because clauses are cut where their last word ends.
 */
const STAND_INS: readonly (readonly [RegExp, string])[] = [
  [/\bPERSISTENT\b/gi, 'STORED'],
  [/\bINET[46]\b/gi, 'FLOAT'],
  [/\bUUID\b(?!\s*\()/gi, 'TEXT'],
  [/\bVECTOR(?=\s*\()/gi, 'BINARY'],
  [/\b(NOT\s+)?IGNORED\b/gi, 'VISIBLE'],
  [/\bSRID\s+\d+/gi, 'NULL'],
  [/\bIF(?<=\b(?:COLUMN|INDEX|KEY|CONSTRAINT|ADD|DROP)\s+IF)\s+(?:NOT\s+)?EXISTS\b/gi, ''],
];

/**
 * Words that MySQL takes as names without quotes and the grammar does not (found by trying every
 * non-reserved word of the manual's keyword list as a column). `LOCK=` is the clause.
 */
const NAMES =
  /\b(active|authentication|challenge_response|clone|component|factor|finish|following|generate|get_source_public_key|gtid_only|histogram|inactive|initial|initiate|lock(?!\s*=)|locked|network_namespace|off|old|persist|persist_only|preceding|privilege_checks_user|reference|registration|replicas?|require|resource|restart|retain|skip|source_host|stream|thread_priority|type|unregister|vcpu|system)\b/gi;

/** Strings, quoted identifiers and comments: nothing in them is a word of the grammar. */
const QUOTED =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\/\*[\s\S]*?\*\/|(?:--\s|#)[^\n]*/g;

/** The text as the grammar shall read it: of the same length as `text`. */
export function shadowText(text: string): string {
  return mapUnquoted(withoutExpressions(text), (plain) =>
    STAND_INS.reduce(
      (shadow, [word, standIn]) => shadow.replace(word, (found) => standIn.padStart(found.length)),
      plain.replaceAll('?', '0'),
    ),
  );
}

/** The same text once more, for a grammar that stumbled: names that it takes for keywords replaced. */
export function shadowNames(shadow: string): string {
  return mapUnquoted(shadow, (plain) => plain.replace(NAMES, (name) => `${name.slice(0, -1)}_`));
}

/** In the brackets after these words stands an expression, or a list of values. */
const BEFORE_EXPRESSION = ['CHECK', 'AS', 'DEFAULT', 'IN', 'THAN'];

/**
 * The server reads expressions when the statement is tried, so the grammar need not, whose time grows
 * with their size many times over: a string stands for the expression of a check, a generated column, a
 * default, and a key part, and for the values of a partition.
 */
function withoutExpressions(text: string): string {
  const { tokens, positions } = scan(text, { positions: true });
  const isPartitioned = tokens.some((token) => isWord(token, 'PARTITION'));
  let result = '';
  let from = 0;
  for (let at = 1; at < tokens.length; at += 1) {
    if (!isMark(tokens[at], '(') || isWord(tokens[at + 1], 'SELECT', 'WITH', 'VALUES', 'TABLE'))
      continue;
    const before = tokens[at - 1];
    const isKeyPart = !isPartitioned && (isMark(before, '(') || isMark(before, ','));
    if (!isKeyPart && !isWord(before, ...BEFORE_EXPRESSION)) continue;
    const close = closingOf(tokens, at);
    if (close === undefined || close === at + 1) continue;
    const [start = 0, end = 0] = [positions[2 * at + 1], positions[2 * close]];
    result += text.slice(from, start) + standInOf(end - start);
    from = end;
    at = close;
  }
  return result + text.slice(from);
}

/** One token, which is an expression. */
function standInOf(length: number): string {
  return length < 2 ? '1' : `'${'x'.repeat(length - 2)}'`;
}

/** The bracket that closes the one at `open`. */
function closingOf(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    if (isMark(tokens[at], '(')) depth += 1;
    else if (isMark(tokens[at], ')') && (depth -= 1) === 0) return at;
  }
  return undefined;
}

/** Applies `change` to what stands outside of strings, quoted identifiers and comments. */
function mapUnquoted(text: string, change: (plain: string) => string): string {
  let result = '';
  let from = 0;
  for (const quoted of text.matchAll(QUOTED)) {
    result += change(text.slice(from, quoted.index)) + quoted[0];
    from = quoted.index + quoted[0].length;
  }
  return result + change(text.slice(from));
}
