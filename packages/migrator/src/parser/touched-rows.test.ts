import { describe, expect, it } from 'vitest';
import { touchedRows } from './touched-rows.ts';

const FORMS: readonly (readonly [sql: string, from: string, parameters: readonly number[]])[] = [
  ['UPDATE t SET a = ? WHERE id = ? ORDER BY id', 't WHERE id = ?', [1]],
  ['UPDATE IGNORE t AS x JOIN u USING (id) SET x.a = 1', 't AS x JOIN u USING (id)', []],
  ["UPDATE t SET a = 'WHERE ?' WHERE b IN (SELECT 1 ORDER BY 1);", 't WHERE b IN (SELECT 1 ORDER BY 1)', []], // prettier-ignore
  ['DELETE FROM t WHERE id > ? RETURNING id', 't WHERE id > ?', [0]],
  ['DELETE FROM t ORDER BY id', 't', []],
  ['DELETE x FROM t AS x JOIN u USING (id) WHERE u.a = ?', 't AS x JOIN u USING (id) WHERE u.a = ?', [0]], // prettier-ignore
  ['DELETE FROM x USING t AS x JOIN u WHERE x.id = 1', 't AS x JOIN u WHERE x.id = 1', []],
  ['INSERT INTO t (a) SELECT a FROM u WHERE b = ? ON DUPLICATE KEY UPDATE a = ?', '(SELECT a FROM u WHERE b = ?) AS selected', [0]], // prettier-ignore
  ['REPLACE INTO t WITH q AS (SELECT 1) SELECT * FROM q', '(WITH q AS (SELECT 1) SELECT * FROM q) AS selected', []], // prettier-ignore
];

describe('the rows that a statement touches', () => {
  it.each(FORMS)('are asked by its FROM and WHERE: %s', (sql, from, parameters) => {
    expect(touchedRows(sql)).toEqual({ from, parameters });
  });

  it.each([
    'INSERT INTO t VALUES ((SELECT MAX(id) FROM u))',
    'WITH q AS (SELECT 1 AS id) DELETE FROM t WHERE id IN (SELECT id FROM q)',
  ])('are those of whole tables where the form says less: %s', (sql) => {
    expect(touchedRows(sql)).toBeUndefined();
  });

  it('are told in time in proportion to the text', () => {
    const ors = Array.from({ length: 20_000 }, (_, i) => `(a = ${i} OR b = '${i}')`).join(' OR ');
    const begin = process.cpuUsage().user;
    expect(touchedRows(`UPDATE t SET a = 1 WHERE ${ors}`)?.from).toBe(`t WHERE ${ors}`);
    expect(process.cpuUsage().user - begin).toBeLessThan(1_000_000);
  });
});
