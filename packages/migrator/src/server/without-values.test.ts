import { describe, expect, it } from 'vitest';
import { statementShape, withoutValues } from './without-values.ts';

describe('what is shown of a server and its sessions', () => {
  it.each([
    ["Duplicate entry 'sk_live_5' for key 'by_key'", "Duplicate entry '…' for key 'by_key'"],
    ["Duplicate entry 'O'Neil' for key 'PRIMARY'", "Duplicate entry '…' for key 'PRIMARY'"],
    [
      "Incorrect integer value: 'sk_5' for column `a`.`b`.`c` at row 1",
      "Incorrect integer value: '…' for column `a`.`b`.`c` at row 1",
    ],
    ["Unknown column 'x' in 'field list'", "Unknown column 'x' in 'field list'"],
  ])('has no values of rows: %s', (message, shown) => {
    expect(withoutValues(message)).toBe(shown);
  });

  it('is the shape of a statement, on one line', () => {
    const sql = "SELECT *\n FROM t WHERE a = 'it''s' AND b = \"x\\\"y\" AND c = 42";
    expect(statementShape(sql)).toBe('SELECT * FROM t WHERE a = ? AND b = ? AND c = ?');
    const cut = "UPDATE t SET a = 'a secret that the server has cut"; // after 1,024 characters
    expect(statementShape(cut)).toBe('UPDATE t SET a = ?');
    const odd =
      "SELECT `it's` /* don't */ FROM t WHERE a = 0xC0FFEE AND b = x'C0' AND c = 'k' -- it's";
    expect(statementShape(odd)).toBe("SELECT `it's` FROM t WHERE a = ? AND b = ? AND c = ?");
    expect(statementShape(`SELECT ${'x, '.repeat(200)} 1`).length).toBeLessThanOrEqual(160);
  });
});
