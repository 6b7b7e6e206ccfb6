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
  [/(?<=\b(?:COLUMN|INDEX|KEY|CONSTRAINT|ADD|DROP)\s+)IF\s+(?:NOT\s+)?EXISTS\b/gi, ''],
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
  return mapUnquoted(withoutReturning(text), (plain) =>
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

/** MariaDB lets a statement that changes rows return some; what it returns changes nothing. */
function withoutReturning(text: string): string {
  const plain = text.replaceAll(QUOTED, (quoted) => ' '.repeat(quoted.length));
  if (!/^\s*(INSERT|REPLACE|DELETE)\b/i.test(plain)) return text;
  const from = plain.search(/\bRETURNING\b/i);
  return from === -1 ? text : text.slice(0, from).padEnd(text.length);
}

/** Applies `change` to what stands outside of strings, quoted identifiers and comments. */
export function mapUnquoted(text: string, change: (plain: string) => string): string {
  let result = '';
  let from = 0;
  for (const quoted of text.matchAll(QUOTED)) {
    result += change(text.slice(from, quoted.index)) + quoted[0];
    from = quoted.index + quoted[0].length;
  }
  return result + change(text.slice(from));
}
