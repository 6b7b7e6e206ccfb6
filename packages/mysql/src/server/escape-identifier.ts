/** Quotes a name for SQL: a database, table or column. Values are bound, never put into text. */
export function escapeIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
