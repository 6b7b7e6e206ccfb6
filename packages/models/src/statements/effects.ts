import type { Token } from '@switchyard/mysql/internal';
import { WRITE_VERBS } from './verbs.ts';

/** What a statement leaves on its connection, so that the next user of the pool would meet it. */
export type Taint =
  | 'session-variable'
  | 'user-variable'
  | 'temporary-table'
  | 'named-lock'
  | 'table-lock'
  | 'default-database'
  | 'prepared-statement'
  | 'open-handler'
  | 'procedure';

/** The effects that are found anywhere in a statement, for every verb. */
export interface Effects {
  readonly locking: boolean;
  readonly taints: readonly Taint[];
  /** True where something in a read writes: a CTE, a file, a sequence. */
  readonly writes: boolean;
}

/** Verbs that taint by themselves. */
const TAINTING: ReadonlyMap<string, Taint> = new Map([
  ['USE', 'default-database'],
  ['PREPARE', 'prepared-statement'],
  ['EXECUTE', 'procedure'],
  ['CALL', 'procedure'],
  ['HANDLER', 'open-handler'],
]);

/** The words that are looked at: an INSERT of many rows repeats others ten thousand times. */
const TELLING: ReadonlySet<string> = new Set([
  ...TAINTING.keys(),
  ...WRITE_VERBS,
  ...['GET_LOCK', 'INTO', 'TEMPORARY', 'LOCK', 'SET', 'GET', 'FOR', 'NEXT', 'NEXTVAL', 'SETVAL'],
]);

/** Looks for what a statement does beside its verb's own meaning. */
export function effectsOf(tokens: readonly Token[]): Effects {
  const taints = new Set<Taint>();
  let locking = false;
  let writes = false;
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    if (token.kind === 'assign') taints.add('user-variable');
    if (token.kind !== 'word' || !TELLING.has(token.text)) continue;
    const look = new Look(tokens, at);
    const taint = taintAt(look, token.text);
    if (taint !== undefined) taints.add(taint);
    locking ||= locksRows(look, token.text);
    writes ||= writesHere(look, token.text);
  }
  return { locking, taints: [...taints], writes };
}

/** A token and what stands around it. */
class Look {
  readonly #tokens: readonly Token[];
  readonly #at: number;

  constructor(tokens: readonly Token[], at: number) {
    this.#tokens = tokens;
    this.#at = at;
  }

  get isFirst(): boolean {
    return this.#at === 0;
  }

  /** The text of the token `offset` away; '' beyond the ends. */
  text(offset: number): string {
    return this.#tokens[this.#at + offset]?.text ?? '';
  }

  words(...expected: string[]): boolean {
    return expected.every((word, i) => this.#isWord(i + 1, word));
  }

  isVariable(offset: number): boolean {
    const token = this.#tokens[this.#at + offset];
    return token?.kind === 'variable' && !token.text.startsWith('@@');
  }

  #isWord(offset: number, word: string): boolean {
    const token = this.#tokens[this.#at + offset];
    return token?.kind === 'word' && token.text === word;
  }
}

function taintAt(look: Look, word: string): Taint | undefined {
  if (word === 'GET_LOCK' && look.text(1) === '(') return 'named-lock';
  if (word === 'INTO' && look.isVariable(1)) return 'user-variable';
  if (word === 'TEMPORARY' && ['CREATE', 'REPLACE'].includes(look.text(-1))) {
    return 'temporary-table';
  }
  if (!look.isFirst) return undefined;
  if (word === 'LOCK') return 'table-lock';
  if (word === 'SET' && look.isVariable(1)) return 'user-variable';
  if (word === 'GET') return 'user-variable'; // GET DIAGNOSTICS @x = …
  return TAINTING.get(word);
}

function locksRows(look: Look, word: string): boolean {
  if (word === 'FOR') return look.words('UPDATE') || look.words('SHARE');
  return word === 'LOCK' && look.words('IN', 'SHARE');
}

function writesHere(look: Look, word: string): boolean {
  if (word === 'INTO') return look.words('OUTFILE') || look.words('DUMPFILE');
  if (word === 'NEXT' || word === 'PREVIOUS') return word === 'NEXT' && look.words('VALUE', 'FOR');
  if (word === 'NEXTVAL' || word === 'SETVAL') return look.text(1) === '(';
  // `(REPLACE(a, b, c))` and `(INSERT(…))` are functions; a parenthesis tells.
  return WRITE_VERBS.has(word) && look.text(-1) === '(' && look.text(1) !== '(';
}
