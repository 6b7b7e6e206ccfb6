/**
 * A value on its way through this process: the bytes that the server sends for `Column.read`,
 * `null` for NULL. Never interpreted here: whether two values are equal, and which comes first, is
 * decided by the server's types and collations alone ('a' and 'A' may be one key).
 */
export type RawValue = Buffer | null;

/** The values of a key's columns, in the key's order. */
export type Key = readonly RawValue[];

/** The text that tells raw values apart byte by byte: for maps and checkpoints, never for order. */
export function rawText(values: readonly RawValue[]): string {
  return values.map((value) => (value === null ? '-' : value.toString('hex'))).join('.');
}

/** The values behind a `rawText`. */
export function fromRawText(text: string): RawValue[] {
  return text.split('.').map((part) => (part === '-' ? null : Buffer.from(part, 'hex')));
}
