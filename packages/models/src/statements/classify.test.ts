import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from './classify.ts';
import { classifyStatement } from './statement-cache.ts';

const kinds = (table: Record<string, string>): [string, string][] => Object.entries(table);

describe('the kind of a statement', () => {
  it.each(
    kinds({
      'SELECT 1': 'read',
      '  \n\t select 1': 'read',
      '(SELECT 1) UNION (SELECT 2)': 'read',
      'TABLE t': 'read',
      'VALUES ROW(1)': 'read',
      'SHOW TABLES': 'read',
      'DO 1': 'read',
      "INSERT INTO t VALUES ('a')": 'write',
      'REPLACE INTO t VALUES (1)': 'write',
      'LOAD DATA INFILE "x" INTO TABLE t': 'write',
      'CREATE TABLE t (id int)': 'ddl',
      'TRUNCATE t': 'ddl',
      'START TRANSACTION': 'transaction',
      'START REPLICA': 'admin',
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE': 'transaction',
      'SET NAMES utf8mb4': 'session',
      'SET @a = 1': 'session',
      'SET GLOBAL read_only = 0': 'admin',
      'SET @@global.read_only = 0': 'admin',
      'SET a = 1, PERSIST b = 2': 'admin',
      "SET PASSWORD = 'x'": 'ddl',
      'USE other': 'session',
      'FLUSH TABLES': 'admin',
      'LOCK TABLES t WRITE': 'lock',
      'CALL p()': 'call',
      'EXECUTE s': 'call',
      BEGIN: 'transaction',
      'BEGIN NOT ATOMIC DELETE FROM t; END': 'unknown',
      '': 'unknown',
      ';;': 'unknown',
      'IF 1 THEN DELETE FROM t; END IF': 'unknown',
      "SELECT 'not ended": 'unknown',
      'SELECT 1 /* not ended': 'unknown',
    }),
  )('%s is a %s', (sql, kind) => expect(classify(sql).kind).toBe(kind));
});

describe('a verb behind comments', () => {
  it.each(
    kinds({
      '/* SELECT */ DELETE FROM t': 'write',
      '-- SELECT\nDELETE FROM t': 'write',
      '# SELECT\nDELETE FROM t': 'write',
      '--DELETE FROM t': 'unknown',
      'SELECT 1 --1': 'read',
      '/*! DELETE FROM t */': 'write',
      '/*!50000 DELETE FROM t */': 'write',
      '/*M!100100 DELETE FROM t */': 'write',
      '/*!40101 SET NAMES utf8 */': 'session',
      'SELECT /*! STRAIGHT_JOIN */ * FROM t': 'read',
      'SELECT /*+ NO_INDEX_MERGE(t) */ * FROM t': 'read',
      '/*!50000 DELETE /* inner */ FROM t */': 'write',
    }),
  )('%s is a %s', (sql, kind) => expect(classify(sql).kind).toBe(kind));

  it.each([
    '/*!99999 SELECT */ DELETE FROM t',
    '/*!99999 SELECT 1 */ /*!50000 DELETE FROM t */',
    '/*!99999 SELECT 1 */ /*!50000 DELETE FROM t WHERE id IN ( */ SELECT 1 /*!50000 ) */',
    '/*!99999 SET @a = */ DELETE FROM t',
  ])('%s may be a write on one of the servers, so it is unknown', (sql) => {
    expect(classify(sql).kind).toBe('unknown');
  });
});

describe('a write that looks like a read', () => {
  it.each(
    kinds({
      'WITH x AS (SELECT 1) SELECT * FROM x': 'read',
      'WITH RECURSIVE x (a) AS (SELECT 1), y AS (SELECT 2) DELETE FROM t': 'write',
      'WITH x AS (SELECT 1) UPDATE t SET a = 1': 'write',
      'WITH x AS (DELETE FROM t RETURNING id) SELECT * FROM x': 'write',
      'WITH x AS (SELECT 1) (SELECT * FROM x)': 'read',
      'SELECT * INTO OUTFILE "/tmp/x" FROM t': 'write',
      "SELECT a INTO DUMPFILE '/tmp/x' FROM t": 'write',
      'SELECT NEXTVAL(s)': 'write',
      'SELECT NEXT VALUE FOR s': 'write',
      'EXPLAIN DELETE FROM t': 'read',
      'EXPLAIN FORMAT=JSON DELETE FROM t': 'read',
      'EXPLAIN ANALYZE DELETE FROM t': 'write',
      'DESC t': 'read',
      'DESCRIBE ANALYZE SELECT 1': 'read',
      'ANALYZE DELETE FROM t': 'write',
      'ANALYZE FORMAT=JSON SELECT 1': 'read',
      'ANALYZE TABLE t': 'admin',
      'SET STATEMENT max_statement_time=1 FOR DELETE FROM t': 'write',
      'SET STATEMENT max_statement_time=1 FOR SELECT 1': 'read',
      'SELECT 1; DELETE FROM t': 'write',
      'SELECT 1; DROP TABLE t; SELECT 2': 'ddl',
    }),
  )('%s is a %s', (sql, kind) => expect(classify(sql).kind).toBe(kind));
});

describe('a read that looks like a write', () => {
  it.each([
    "SELECT 'DELETE FROM t; DROP TABLE t'",
    "SELECT 'it''s; DELETE'",
    "SELECT 'a\\'; DELETE FROM t'",
    'SELECT `delete` FROM `insert`',
    'SELECT t.update, t.delete FROM t',
    "SELECT (REPLACE(a, 'x', 'y')) FROM t",
    "SELECT (INSERT('abc', 1, 1, 'x'))",
    'SELECT * FROM t USE INDEX FOR ORDER BY (i)',
  ])('%s is a read', (sql) =>
    expect(classify(sql)).toMatchObject({ kind: 'read', locking: false }),
  );
});

describe('a statement that locks rows', () => {
  it.each([
    'SELECT * FROM t FOR UPDATE',
    'SELECT * FROM t FOR UPDATE SKIP LOCKED',
    'SELECT * FROM t FOR SHARE OF t NOWAIT',
    'SELECT * FROM t LOCK IN SHARE MODE',
    'SELECT * FROM (SELECT * FROM t FOR /* x */ UPDATE) AS s',
  ])('%s is a locking read', (sql) => {
    expect(classify(sql)).toMatchObject({ kind: 'read', locking: true });
  });
});

describe('what a statement leaves on its connection', () => {
  it.each(
    kinds({
      'SET SESSION sort_buffer_size = 1': 'session-variable',
      'SET @a = 1': 'user-variable',
      'SELECT @a := 1': 'user-variable',
      'SELECT 1 INTO @a': 'user-variable',
      'CREATE TEMPORARY TABLE t (id int)': 'temporary-table',
      "SELECT GET_LOCK('a', 1)": 'named-lock',
      'LOCK TABLES t READ': 'table-lock',
      'USE other': 'default-database',
      "PREPARE s FROM 'SELECT 1'": 'prepared-statement',
      'HANDLER t OPEN': 'open-handler',
      'CALL p()': 'procedure',
    }),
  )('%s leaves a %s', (sql, taint) => expect(classify(sql).taints).toContain(taint));

  it.each(['SELECT @a', 'SELECT @@version', 'INSERT INTO t VALUES (1)', 'START TRANSACTION'])(
    '%s leaves nothing',
    (sql) => expect(classify(sql).taints).toEqual([]),
  );
});

describe('an implicit commit', () => {
  it('comes with DDL, table locks and a second START TRANSACTION', () => {
    for (const sql of ['ALTER TABLE t ADD a int', 'LOCK TABLES t READ', 'BEGIN', 'DROP TABLE t']) {
      expect(classify(sql).implicitCommit, sql).toBe(true);
    }
  });

  it('does not come with rows, savepoints and temporary tables', () => {
    for (const sql of ['DELETE FROM t', 'SAVEPOINT a', 'CREATE TEMPORARY TABLE t (id int)']) {
      expect(classify(sql).implicitCommit, sql).toBe(false);
    }
  });
});

describe('any text at all', () => {
  const fragments = fc.array(
    fc.oneof(
      fc.constantFrom('SELECT', 'DELETE', '/*!50000', '*/', '/*', '--', '#', "'", '"', '`', '\\'),
      fc.constantFrom('(', ')', ';', '@', '@@', ':=', '\n', 'WITH', 'AS', 'FOR', 'UPDATE', '.'),
      fc.string(),
    ),
    { maxLength: 30 },
  );

  it('is classified without a crash, the same way twice', () => {
    fc.assert(
      fc.property(fragments, (parts) => {
        const sql = parts.join(' ');
        expect(classify(sql)).toEqual(classifyStatement(sql));
        expect(classifyStatement(sql)).toBe(classifyStatement(sql));
      }),
      { numRuns: 2000 },
    );
  });

  it('with DELETE as its first word is never a read, whatever comment stands before', () => {
    const comment = fc
      .string()
      .filter((text) => !text.includes('*/') && !/^M?!/.test(text))
      .map((text) => `/*${text}*/`);
    fc.assert(
      fc.property(fc.array(comment, { maxLength: 4 }), (comments) => {
        expect(classify(`${comments.join('\n')} DELETE FROM t`).kind).toBe('write');
      }),
    );
  });

  it('of a megabyte is classified in one pass', () => {
    const sql = `SELECT '${'x'.repeat(1_000_000)}' /* ${'y'.repeat(100_000)} */`;
    expect(classify(sql).kind).toBe('read');
  });
});
