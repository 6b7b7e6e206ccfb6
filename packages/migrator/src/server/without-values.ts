const LENGTH = 160;

/**
 * A server's message without the row values that some quote: they may be keys or personal data.
 * Names of tables, columns and indexes stay.
 */
export function withoutValues(message: string): string {
  return message.replace(/\b(entry|value:?) '(?:[^']|'(?! for | at ))*'/gi, "$1 '…'");
}

/**
 * Names in backticks and comments, which may have quotes of their own; strings; numbers. Servers cut
 * long statements, so each may lack its end.
 */
const PARTS =
  /(`(?:[^`]|``)*(?:`|$))|\/\*[^]*?(?:\*\/|$)|(?:--\s|#)[^\n]*|(?:\b[xbn])?'(?:[^'\\]|\\[^]|'')*(?:'|\\?$)|"(?:[^"\\]|\\[^]|"")*(?:"|\\?$)|\b\d[\w.]*/gi;

/** A statement with its literals hidden, on one line, cut to what a report has room for. */
export function statementShape(sql: string): string {
  const line = sql
    .replace(PARTS, (part, name?: string) => name ?? (/^(?:\/\*|--|#)/.test(part) ? ' ' : '?'))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= LENGTH ? line : `${line.slice(0, LENGTH - 1)}…`;
}
