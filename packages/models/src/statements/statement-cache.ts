import { classify, type Statement } from './classify.ts';

/** Texts longer than this are classified each time: they rarely repeat, and would fill the cache. */
const LONGEST_CACHED_CHARS = 4096;
/** Distinct texts per generation; a service has some hundreds. */
const GENERATION_SIZE = 1000;

/**
 * Two generations instead of an LRU list: a hit in the young one is a single look-up, and what has
 * not been asked for during a whole generation is forgotten with it.
 */
let young = new Map<string, Statement>();
let old = new Map<string, Statement>();

/**
 * Tells what an SQL text does: its verb, whether it reads or writes, what it locks and leaves
 * behind. Pure; the answers for texts of up to 4096 characters are remembered (about 2,000 texts).
 * Never throws. Stored functions may write from a SELECT: no text shows that, the session's
 * READ ONLY transaction does.
 */
export function classifyStatement(sql: string): Statement {
  const known = young.get(sql);
  if (known !== undefined) return known;
  const statement = old.get(sql) ?? classify(sql);
  if (sql.length <= LONGEST_CACHED_CHARS) remember(sql, statement);
  return statement;
}

function remember(sql: string, statement: Statement): void {
  if (young.size >= GENERATION_SIZE) {
    old = young;
    young = new Map();
  }
  young.set(sql, statement);
}
