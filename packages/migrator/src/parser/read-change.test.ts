import { describe, expect, it } from 'vitest';
import { readStatement } from './read-statement.ts';

const TABLES: readonly (readonly [sql: string, verb: string, tables: readonly string[]])[] = [
  ['INSERT INTO t (a, b) VALUES (1, 2)', 'insert', ['t']],
  ['INSERT IGNORE t VALUES (1)', 'insert', ['t']],
  ['REPLACE INTO `a``b` SET x = 1', 'insert', ['a`b']],
  [
    'INSERT INTO t (a) SELECT a FROM u AS x, v y JOIN w USING (id)',
    'insert-select',
    ['t', 'u', 'v', 'w'],
  ],
  ['INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a), b = 2', 'insert', ['t']],
  ['INSERT INTO t VALUES ((SELECT MAX(id) FROM u))', 'insert-select', ['t', 'u']],
  [
    'UPDATE t, u AS x SET t.a = x.b WHERE t.id IN (SELECT id FROM (SELECT id FROM w) q)',
    'update',
    ['t', 'u', 'w'],
  ],
  ['UPDATE LOW_PRIORITY t LEFT JOIN (u, v) ON u.id = t.id SET a = 1', 'update', ['t', 'u', 'v']],
  [
    'UPDATE t SET y = EXTRACT(YEAR FROM at), n = TRIM(BOTH x FROM n), s = SUBSTRING(s FROM 2)',
    'update',
    ['t'],
  ],
  ["UPDATE t SET a = 'FROM u' -- JOIN v\n WHERE b = 1", 'update', ['t']],
  ['DELETE FROM t WHERE id = 1', 'delete', ['t']],
  ['DELETE x, y FROM t AS x INNER JOIN u AS y WHERE x.id = y.id', 'delete', ['t', 'u']],
  ['DELETE FROM x USING t AS x JOIN u USING (id)', 'delete', ['x', 't', 'u']],
  [
    'WITH q (a) AS (SELECT a FROM u), r AS (SELECT 1) UPDATE t, q, r SET t.a = q.a',
    'update',
    ['u', 't'],
  ],
];

describe('a statement that changes rows', () => {
  it.each(TABLES)('names its tables: %s', (sql, verb, tables) => {
    expect(readStatement(sql)).toEqual({ kind: 'data', verb, tables, limited: false });
  });

  it.each([
    'INSERT INTO other.t VALUES (1)',
    'INSERT INTO t SELECT * FROM `other`.`u`',
    'UPDATE t JOIN other.u ON u.id = t.id SET t.a = 1',
    'DELETE FROM t WHERE id IN (SELECT id FROM other.u)',
    'CREATE VIEW v AS SELECT * FROM t JOIN other.u',
    'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW INSERT INTO other.u VALUES (NEW.id)',
    'CREATE FUNCTION f() RETURNS INT RETURN (SELECT COUNT(*) FROM other.u)',
  ])('names another database: %s', (sql) => {
    expect(readStatement(sql)).toEqual({ kind: 'elsewhere', database: 'other' });
  });

  it.each([
    'INSERT INTO t VALUES (1); DROP TABLE t',
    "UPDATE t SET a = 'no end",
    'DELETE FROM t /* no end',
    'UPDATE t SET a = 1 /*!, b = 2 */',
    'DELETE HISTORY FROM t',
    `UPDATE t SET a = ${'('.repeat(3000)}1${')'.repeat(3000)}`,
    `ALTER TABLE t ADD CHECK ${'('.repeat(3000)}1${')'.repeat(3000)}`,
    `CREATE VIEW v AS SELECT ${'('.repeat(3000)}1${')'.repeat(3000)}`,
  ])('is refused where it is not one statement, or not to be known: %.60s', (sql) => {
    expect(readStatement(sql).kind).toBe('unreadable');
  });

  it('is read in a second, however many rows and conditions it has', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `(${i}, 'n''${i}', NULL)`).join(', ');
    const ors = Array.from({ length: 5000 }, (_, i) => `(a = ${i} OR b = '${i}')`).join(' OR ');
    const begin = process.cpuUsage().user;
    expect(readStatement(`INSERT INTO t VALUES ${rows}`).kind).toBe('data');
    expect(readStatement(`UPDATE t SET a = 1 WHERE ${ors}`).kind).toBe('data');
    expect(readStatement(`CREATE VIEW v AS SELECT * FROM t WHERE ${ors}`).kind).toBe('object');
    expect(process.cpuUsage().user - begin).toBeLessThan(1_000_000);
  });
});
