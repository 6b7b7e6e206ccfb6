const LENGTH = 160;

/**
 * A server's message without the row values that some quote: they may be keys or personal data.
 * Names of tables, columns and indexes stay.
 */
export function withoutValues(message: string): string {
  return message.replace(/\b(entry|value:?) '(?:[^']|'(?! for | at ))*'/gi, "$1 '…'");
}

/** A statement with its literals hidden, on one line, cut to what a report has room for. */
export function statementShape(sql: string): string {
  const line = sql
    .replace(/'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/g, '?')
    .replace(/\b\d+(\.\d+)?\b/g, '?')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= LENGTH ? line : `${line.slice(0, LENGTH - 1)}…`;
}
