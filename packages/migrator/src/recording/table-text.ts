/** The parts of what `SHOW CREATE TABLE` says. */
export interface TableText {
  /** What stands after each column's name, by that name, in the table's order. */
  readonly columns: ReadonlyMap<string, string>;
  /** Keys and constraints, one a text, as they are listed. */
  readonly others: readonly string[];
  /** Engine, character set, comment and the like; without the next AUTO_INCREMENT value. */
  readonly options: string;
  /** `PARTITION BY …`; empty where the table has no partitions. */
  readonly partitions: string;
}

const HEAD = /^CREATE TABLE (?=[`"])/;
const COUNTER = / AUTO_INCREMENT=\d+/;

/**
 * Takes a definition apart, as both servers write it; undefined for any other text. Names, strings
 * and brackets are followed from the beginning, so that nothing in a comment, a default or a value
 * of an ENUM is taken for a part of the definition.
 */
export function tableText(definition: string): TableText | undefined {
  if (!HEAD.test(definition)) return undefined;
  const open = definition.indexOf('(', quotedEnd(definition, 'CREATE TABLE '.length));
  const close = closingBracket(definition, open);
  if (open === -1 || close === -1) return undefined;
  const columns = new Map<string, string>();
  const others: string[] = [];
  for (const item of listItems(definition.slice(open + 1, close))) {
    const named = quotedName(item);
    if (named === undefined) others.push(item);
    else columns.set(named.name, named.rest.trim());
  }
  const tail = definition.slice(close + 1);
  const end = outsideQuotes(tail, '\n');
  const options = (end === -1 ? tail : tail.slice(0, end)).trimEnd();
  const partitions = end === -1 ? '' : tail.slice(end).trim();
  return { columns, others, options: withoutCounter(options), partitions };
}

/** The text of a definition without the counter, which changes by itself. */
export function withoutCounter(text: string): string {
  const from = text.startsWith('CREATE TABLE') ? optionsStart(text) : 0;
  const options = text.slice(from);
  const until = outsideQuotes(options, "'");
  const head = until === -1 ? options : options.slice(0, until);
  return text.slice(0, from) + head.replace(COUNTER, '') + options.slice(head.length);
}

/** A leading `name` and what stands after it; undefined where the text begins otherwise. */
export function quotedName(text: string): { name: string; rest: string } | undefined {
  const quote = text[0];
  if (quote !== '`' && quote !== '"') return undefined;
  const end = quotedEnd(text, 0);
  const name = text.slice(1, end - 1).replaceAll(quote + quote, quote);
  return { name, rest: text.slice(end) };
}

/** Where the bracket that opens at `open` closes; -1 where it does not. */
export function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at >= 0 && at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (isQuote(char)) at = quotedEnd(text, at) - 1;
    else if (char === '(') depth += 1;
    else if (char === ')' && (depth -= 1) === 0) return at;
  }
  return -1;
}

/** The parts between the commas that stand outside of brackets and quotes, trimmed. */
export function listItems(list: string): string[] {
  const items: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < list.length; at += 1) {
    const char = list[at] ?? '';
    if (isQuote(char)) at = quotedEnd(list, at) - 1;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === ',' && depth === 0) {
      items.push(list.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...items, list.slice(from).trim()].filter((item) => item !== '');
}

/** Applies `change` to what stands outside of strings; quoted names are no strings. */
export function outsideStrings(text: string, change: (plain: string) => string): string {
  let result = '';
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '`') at = quotedEnd(text, at) - 1;
    else if (text[at] === "'") {
      const end = quotedEnd(text, at);
      result += change(text.slice(from, at)) + text.slice(at, end);
      from = end;
      at = end - 1;
    }
  }
  return result + change(text.slice(from));
}

/** One past the end of what the quote at `at` opens. A backslash escapes in strings only. */
function quotedEnd(text: string, at: number): number {
  const quote = text[at];
  for (let next = at + 1; next < text.length; next += 1) {
    if (text[next] === '\\' && quote === "'") next += 1;
    else if (text[next] === quote) {
      if (text[next + 1] !== quote) return next + 1;
      next += 1;
    }
  }
  return text.length;
}

/** Where `wanted` first stands outside of quotes, or -1. */
function outsideQuotes(text: string, wanted: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === wanted) return at;
    if (isQuote(char)) at = quotedEnd(text, at) - 1;
  }
  return -1;
}

function optionsStart(definition: string): number {
  const open = definition.indexOf('(', quotedEnd(definition, 'CREATE TABLE '.length));
  return closingBracket(definition, open) + 1;
}

function isQuote(char: string): boolean {
  return char === "'" || char === '`' || char === '"';
}
