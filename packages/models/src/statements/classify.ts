import { effectsOf, type Taint } from './effects.ts';
import { scan, type Token } from '@switchyard/mysql/internal';
import {
  BY_SEVERITY,
  COMMITS,
  VERBS,
  WITH_VERBS,
  WRITE_VERBS,
  type StatementKind,
} from './verbs.ts';

/** What a data layer must know of an SQL text before it runs. */
export interface Statement {
  /** The main verb in upper case, after comments, parentheses, CTEs and EXPLAIN; '' for none. */
  readonly verb: string;
  readonly kind: StatementKind;
  /** True where rows are locked: FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE. */
  readonly locking: boolean;
  /** What the statement leaves behind on its connection, beyond the transaction. */
  readonly taints: readonly Taint[];
  /** True where the server commits an open transaction on its own first. */
  readonly implicitCommit: boolean;
  /** True where the text holds more than one statement. The most severe one gives `kind`. */
  readonly multiple: boolean;
}

const UNKNOWN: Statement = freeze({ verb: '', kind: 'unknown' });

/** Tells what an SQL text does. Never throws; what cannot be told is `unknown`. */
export function classify(sql: string): Statement {
  const { tokens, versionComments, complete } = scan(sql);
  const parts = splitStatements(tokens);
  if (!complete || parts.length === 0) return UNKNOWN;
  const statements = parts.map(classifyOne);
  const statement = statements.reduce(graver);
  const hidden = versionComments > 0 && mayHide(tokens, versionComments, statement.kind);
  return freeze({
    ...statement,
    kind: hidden ? 'unknown' : statement.kind,
    locking: statements.some(({ locking }) => locking),
    taints: [...new Set(statements.flatMap(({ taints }) => taints))],
    implicitCommit: statements.some(({ implicitCommit }) => implicitCommit),
    multiple: parts.length > 1,
  });
}

function splitStatements(tokens: readonly Token[]): (readonly Token[])[] {
  if (!tokens.some((token) => isMark(token, ';'))) return tokens.length === 0 ? [] : [tokens];
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (isMark(token, ';')) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

function graver(a: Statement, b: Statement): Statement {
  return BY_SEVERITY.indexOf(b.kind) > BY_SEVERITY.indexOf(a.kind) ? b : a;
}

/**
 * A version comment is run by one server and skipped by another. Where a verb stands in one and
 * more code stands elsewhere, the text is two statements, and only one of them was looked at.
 */
function mayHide(tokens: readonly Token[], comments: number, kind: StatementKind): boolean {
  if (kind === 'write' || kind === 'ddl' || kind === 'admin') return false;
  const verbInside = tokens.some((t) => t.versioned && t.kind === 'word' && VERBS.has(t.text));
  return verbInside && (comments > 1 || tokens.some((token) => !token.versioned));
}

function classifyOne(tokens: readonly Token[]): Statement {
  const start = tokens.findIndex((token) => !isMark(token, '('));
  const first = tokens[start];
  if (first?.kind !== 'word') return UNKNOWN;
  const kind = VERBS.get(first.text);
  if (kind === undefined) return UNKNOWN;
  return special(first.text, kind, tokens, start) ?? statementOf(first.text, kind, tokens);
}

/** Verbs whose meaning depends on the words after them; undefined for all others. */
function special(
  verb: string,
  kind: StatementKind,
  tokens: readonly Token[],
  start: number,
): Statement | undefined {
  const next = wordAt(tokens, start + 1);
  switch (verb) {
    case 'WITH':
      return classifyAfterCtes(tokens, start + 1);
    case 'EXPLAIN':
    case 'DESCRIBE':
    case 'DESC':
      return classifyExplain(tokens, start + 1);
    case 'ANALYZE':
      return classifyAnalyze(tokens, start + 1);
    case 'SET':
      return classifySet(tokens, start + 1);
    case 'BEGIN':
      return next === 'NOT' ? UNKNOWN : undefined; // MariaDB's BEGIN NOT ATOMIC holds any code
    case 'START':
      return next === 'TRANSACTION' ? undefined : statementOf(verb, 'admin', tokens);
    case 'LOAD':
      return next === 'INDEX' ? statementOf(verb, 'admin', tokens) : undefined;
    case 'DROP':
      return next === 'PREPARE' ? statementOf(verb, 'session', tokens, false) : undefined;
    default:
      return kind === 'ddl' && next === 'TEMPORARY'
        ? statementOf(verb, kind, tokens, false)
        : undefined;
  }
}

function statementOf(
  verb: string,
  kind: StatementKind,
  tokens: readonly Token[],
  implicitCommit = COMMITS.has(verb),
): Statement {
  const { locking, taints, writes } = effectsOf(tokens);
  const actual = kind === 'read' && writes ? 'write' : kind;
  return freeze({ verb, kind: actual, locking, taints, implicitCommit });
}

/** WITH [RECURSIVE] name [(columns)] AS (…), … <main statement> */
function classifyAfterCtes(tokens: readonly Token[], from: number): Statement {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    if (isMark(token, '(')) depth += 1;
    else if (isMark(token, ')')) depth -= 1;
    else if (token.kind === 'word' && WITH_VERBS.has(token.text) && depth === 0) {
      return statementOf(token.text, kindOf(token.text), tokens);
    }
  }
  // The main query may stand in parentheses: WITH x AS (…) (SELECT …)
  const last = tokens.findLastIndex((t, at) => at >= from && t.kind === 'word' && isVerb(t.text));
  return last === -1 ? UNKNOWN : statementOf('SELECT', 'read', tokens);
}

/** EXPLAIN shows a plan; EXPLAIN ANALYZE runs the statement. */
function classifyExplain(tokens: readonly Token[], from: number): Statement {
  const analyzes = wordAt(tokens, from) === 'ANALYZE';
  const inner = tokens.findIndex((t, at) => at >= from && t.kind === 'word' && isVerb(t.text));
  if (!analyzes || inner === -1) {
    const { taints } = effectsOf(tokens.slice(0, inner === -1 ? undefined : inner));
    return freeze({ verb: 'EXPLAIN', kind: 'read', taints });
  }
  return classifyOne(tokens.slice(inner));
}

/** MariaDB's ANALYZE [FORMAT=JSON] <statement> runs it; ANALYZE TABLE writes statistics. */
function classifyAnalyze(tokens: readonly Token[], from: number): Statement {
  const words = ['TABLE', 'TABLES', 'NO_WRITE_TO_BINLOG', 'LOCAL'];
  if (words.includes(wordAt(tokens, from))) return statementOf('ANALYZE', 'admin', tokens);
  const inner = tokens.findIndex((t, at) => at >= from && t.kind === 'word' && isVerb(t.text));
  return inner === -1 ? UNKNOWN : classifyOne(tokens.slice(inner));
}

function classifySet(tokens: readonly Token[], from: number): Statement {
  const next = wordAt(tokens, from);
  if (next === 'STATEMENT') {
    // MariaDB: SET STATEMENT variable = value FOR <statement>
    const inner = tokens.findIndex((t, at) => at > from && t.kind === 'word' && t.text === 'FOR');
    return inner === -1 ? UNKNOWN : classifyOne(tokens.slice(inner + 1));
  }
  if (next === 'TRANSACTION') return freeze({ verb: 'SET', kind: 'transaction' });
  if (next === 'PASSWORD' || next === 'DEFAULT') {
    return freeze({ verb: 'SET', kind: 'ddl', implicitCommit: true });
  }
  const reaches = tokens.some(
    ({ kind, text }) =>
      (kind === 'word' && /^(GLOBAL|PERSIST|PERSIST_ONLY)$/.test(text)) ||
      (kind === 'variable' && /^@@(global|persist|persist_only)\./.test(text)),
  );
  const { taints } = effectsOf(tokens);
  return freeze({ verb: 'SET', kind: reaches ? 'admin' : 'session', taints: tainted(taints) });
}

function tainted(taints: readonly Taint[]): readonly Taint[] {
  return taints.includes('user-variable') ? taints : [...taints, 'session-variable'];
}

/** The verb of a read that is really a write is found by `effectsOf`; this is its plain kind. */
function kindOf(verb: string): StatementKind {
  return VERBS.get(verb) ?? 'unknown';
}

function isVerb(word: string): boolean {
  return WITH_VERBS.has(word) || WRITE_VERBS.has(word) || word === 'WITH' || word === 'LOAD';
}

function wordAt(tokens: readonly Token[], at: number): string {
  const token = tokens[at];
  return token?.kind === 'word' ? token.text : '';
}

function isMark(token: Token, mark: string): boolean {
  return token.kind === 'mark' && token.text === mark;
}

function freeze(statement: Partial<Statement> & Pick<Statement, 'verb' | 'kind'>): Statement {
  const { verb, kind, locking = false, implicitCommit = false, multiple = false } = statement;
  const taints = Object.freeze([...(statement.taints ?? [])]);
  return Object.freeze({ verb, kind, locking, taints, implicitCommit, multiple });
}
