import { describe, expect, it } from 'vitest';
import { readStatement } from './read-statement.ts';

/** Names that applications give to columns, all allowed without quotes by MySQL. */
const NAMES = ['type', 'active', 'reference', 'lock', 'resource', 'replica', 'status', 'position'];

describe('a column whose name the grammar takes for a keyword', () => {
  it.each(NAMES)('%s is read in a CREATE TABLE, under its own name', (name) => {
    expect(readStatement(`CREATE TABLE t (id int, ${name} int, KEY k (${name}))`)).toMatchObject({
      kind: 'create-table',
      table: 't',
    });
  });

  it.each(NAMES)('%s is read in an ALTER TABLE, under its own name', (name) => {
    const statement = readStatement(`ALTER TABLE t ADD COLUMN ${name} int, LOCK=NONE`);
    expect(statement).toMatchObject({ kind: 'alter', table: 't' });
    expect(JSON.stringify(statement)).toContain(`"${name}"`);
  });
});
