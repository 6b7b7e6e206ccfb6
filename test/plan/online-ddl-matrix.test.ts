import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

/** What both servers answer: facts/migrator.md §3. `copy` is refused on a table with rows. */
type Answer = 'instant' | 'inplace' | 'rebuild' | 'copy' | 'already-there' | 'refused';

interface Row {
  readonly change: string;
  readonly clause: string;
  readonly mysql: Answer;
  readonly mariadb: Answer;
  /** Table that the clause is for. Default `t`. */
  readonly table?: string;
}

const TABLES = [
  `CREATE TABLE parent (id BIGINT PRIMARY KEY)`,
  `CREATE TABLE t (
     id BIGINT AUTO_INCREMENT PRIMARY KEY, a INT NULL, b VARCHAR(20) NOT NULL DEFAULT '',
     c VARCHAR(63) NULL, long_text VARCHAR(300) NULL, at DATETIME NULL, ts TIMESTAMP NULL,
     e ENUM('x', 'y') NULL, txt TEXT NULL, n INT NOT NULL DEFAULT 0, price DECIMAL(10, 2) NULL,
     parent_id BIGINT NULL, child_of BIGINT NULL, lat VARCHAR(20) CHARACTER SET latin1 NULL,
     u8 VARCHAR(20) CHARACTER SET utf8mb3 NULL, i INT NULL, s VARCHAR(20) NULL,
     KEY k_i (i), KEY k_s (s), CONSTRAINT chk CHECK (n >= 0),
     KEY k_child (child_of), CONSTRAINT fk FOREIGN KEY (child_of) REFERENCES parent (id))`,
  `CREATE TABLE t_virtual (id INT PRIMARY KEY, a INT, v INT AS (a + 1) VIRTUAL, w INT AS (a + 2) STORED)`,
  `CREATE TABLE t_fulltext (id INT PRIMARY KEY, txt TEXT, FULLTEXT KEY ft (txt))`,
  `CREATE TABLE t_keyed (id INT NOT NULL, a INT, PRIMARY KEY (id), KEY k_a (a))`,
  `CREATE TABLE t_parts (id INT PRIMARY KEY) PARTITION BY RANGE (id)
     (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))`,
];

const MATRIX: readonly Row[] = [
  row('ADD COLUMN last, NULL', 'ADD COLUMN x INT NULL', 'instant', 'instant'),
  row('ADD COLUMN AFTER', 'ADD COLUMN x INT NULL AFTER a', 'instant', 'instant'),
  row('ADD COLUMN FIRST', 'ADD COLUMN x INT NULL FIRST', 'instant', 'instant'),
  row('ADD COLUMN NOT NULL, literal', 'ADD COLUMN x INT NOT NULL DEFAULT 5', 'instant', 'instant'),
  row(
    'ADD COLUMN CURRENT_TIMESTAMP',
    'ADD COLUMN x DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP',
    'instant',
    'instant',
  ),
  row('ADD COLUMN JSON', 'ADD COLUMN x JSON NULL', 'instant', 'instant'),
  row('ADD COLUMN DEFAULT (1 + 1)', 'ADD COLUMN x INT DEFAULT (1 + 1)', 'copy', 'instant'),
  row('ADD virtual column', 'ADD COLUMN x INT AS (a + 1) VIRTUAL', 'instant', 'instant'),
  row('DROP virtual column', 'DROP COLUMN v', 'instant', 'instant', 't_virtual'),
  row('ADD stored column', 'ADD COLUMN x INT AS (a + 1) STORED', 'copy', 'copy'),
  row(
    'ADD COLUMN beside a virtual one, not last',
    'ADD COLUMN x INT FIRST',
    'instant',
    'copy',
    't_virtual',
  ),
  row('DROP COLUMN unindexed', 'DROP COLUMN a', 'instant', 'instant'),
  row('DROP COLUMN that is in an index', 'DROP COLUMN i', 'rebuild', 'inplace'),
  row('RENAME COLUMN', 'RENAME COLUMN a TO z', 'instant', 'instant'),
  row('CHANGE, same type', 'CHANGE a z INT NULL', 'instant', 'instant'),
  row('SET DEFAULT', 'ALTER COLUMN a SET DEFAULT 7', 'instant', 'instant'),
  row('DROP DEFAULT', 'ALTER COLUMN n DROP DEFAULT', 'instant', 'instant'),
  row('column comment', "MODIFY a INT NULL COMMENT 'why'", 'instant', 'instant'),
  row('DROP CHECK', 'DROP CONSTRAINT chk', 'instant', 'instant'),
  row('ENUM append', "MODIFY e ENUM('x', 'y', 'z') NULL", 'instant', 'instant'),
  row('ENUM in the middle', "MODIFY e ENUM('x', 'w', 'y') NULL", 'copy', 'copy'),
  row('VARCHAR widen below 255 bytes', 'MODIFY b VARCHAR(40) NOT NULL', 'inplace', 'instant'),
  row('VARCHAR widen above 255 bytes', 'MODIFY long_text VARCHAR(400) NULL', 'inplace', 'instant'),
  row('VARCHAR widen across 255 bytes', 'MODIFY c VARCHAR(64) NULL', 'copy', 'copy'),
  row('VARCHAR shrink', 'MODIFY b VARCHAR(10) NOT NULL', 'copy', 'copy'),
  row('VARCHAR to TEXT', 'MODIFY c TEXT NULL', 'copy', 'copy'),
  row('TEXT to MEDIUMTEXT', 'MODIFY txt MEDIUMTEXT NULL', 'copy', 'copy'),
  row('INT to BIGINT', 'MODIFY a BIGINT NULL', 'copy', 'copy'),
  row('signed to unsigned', 'MODIFY a INT UNSIGNED NULL', 'copy', 'copy'),
  row('DECIMAL precision', 'MODIFY price DECIMAL(12, 2) NULL', 'copy', 'copy'),
  row('DATETIME fsp', 'MODIFY at DATETIME(6) NULL', 'copy', 'copy'),
  row('TIMESTAMP to DATETIME', 'MODIFY ts DATETIME NULL', 'copy', 'copy'),
  row('NULL to NOT NULL', 'MODIFY a INT NOT NULL', 'rebuild', 'rebuild'),
  row('NOT NULL to NULL', 'MODIFY n INT NULL DEFAULT 0', 'rebuild', 'rebuild'),
  row('reorder a column', 'MODIFY a INT NULL FIRST', 'rebuild', 'instant'),
  row(
    'utf8mb3 to utf8mb4',
    'MODIFY u8 VARCHAR(20) CHARACTER SET utf8mb4 NULL',
    'inplace',
    'instant',
  ),
  row('latin1 to utf8mb4', 'MODIFY lat VARCHAR(20) CHARACTER SET utf8mb4 NULL', 'copy', 'copy'),
  row(
    'CONVERT TO CHARACTER SET',
    'CONVERT TO CHARACTER SET latin1',
    'copy',
    'copy',
    't_keyed_text',
  ),
  row(
    'collation of an unindexed column',
    'MODIFY c VARCHAR(63) COLLATE utf8mb4_bin NULL',
    'inplace',
    'instant',
  ),
  row(
    'collation of an indexed column',
    'MODIFY s VARCHAR(20) COLLATE utf8mb4_bin NULL',
    'copy',
    'inplace',
  ),
  row('table default charset', 'DEFAULT CHARACTER SET latin1', 'inplace', 'instant'),
  row('AUTO_INCREMENT', 'AUTO_INCREMENT = 1000', 'inplace', 'instant'),
  row('ADD INDEX', 'ADD INDEX x (a)', 'inplace', 'inplace'),
  row('ADD UNIQUE', 'ADD UNIQUE INDEX x (a)', 'inplace', 'inplace'),
  row('ADD INDEX on a virtual column', 'ADD INDEX x (v)', 'inplace', 'inplace', 't_virtual'),
  row('DROP INDEX', 'DROP INDEX k_i', 'inplace', 'inplace'),
  row('RENAME INDEX', 'RENAME INDEX k_i TO k_j', 'inplace', 'instant'),
  row('ADD FULLTEXT', 'ADD FULLTEXT INDEX x (txt)', 'copy', 'copy'),
  row('ADD COLUMN on a table with FULLTEXT', 'ADD COLUMN x INT', 'copy', 'copy', 't_fulltext'),
  row(
    'DROP PK + ADD PK',
    'DROP PRIMARY KEY, ADD PRIMARY KEY (id, n)',
    'rebuild',
    'rebuild',
    't_pk',
  ),
  row('FORCE', 'FORCE', 'rebuild', 'rebuild'),
  row('DROP PK alone', 'DROP PRIMARY KEY', 'copy', 'copy', 't_keyed'),
  row('change the type of the PK', 'MODIFY id BIGINT NOT NULL', 'copy', 'copy', 't_keyed'),
  row('ADD CHECK', 'ADD CONSTRAINT x CHECK (a > 0)', 'copy', 'copy'),
  row('DROP FOREIGN KEY', 'DROP FOREIGN KEY fk', 'inplace', 'instant'),
  row('PARTITION BY', 'PARTITION BY HASH (id) PARTITIONS 2', 'copy', 'copy', 't_plain'),
  row('REMOVE PARTITIONING', 'REMOVE PARTITIONING', 'copy', 'copy', 't_parts'),
  row(
    'ADD PARTITION at the end',
    'ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))',
    'inplace',
    'inplace',
    't_parts',
  ),
  row('ADD COLUMN + DROP COLUMN in one', 'ADD COLUMN x INT, DROP COLUMN a', 'instant', 'instant'),
  row('what is so already', 'MODIFY a INT NULL', 'already-there', 'already-there'),
];

function row(change: string, clause: string, mysql: Answer, mariadb: Answer, table?: string): Row {
  return { change, clause, mysql, mariadb, ...(table === undefined ? {} : { table }) };
}

const MORE = [
  'CREATE TABLE t_pk (id INT NOT NULL, n INT NOT NULL, PRIMARY KEY (id))',
  'CREATE TABLE t_plain (id INT NOT NULL, PRIMARY KEY (id))',
  'CREATE TABLE t_keyed_text (id INT PRIMARY KEY, s VARCHAR(20))',
];

const ROWS = [
  "INSERT INTO t (id, a, b, c, e, i, s, n, price) VALUES (1, 1, 'b', 'c', 'x', 1, 's', 1, 1)",
  'INSERT INTO t_virtual (id, a) VALUES (1, 1)',
  "INSERT INTO t_fulltext VALUES (1, 'x')",
  'INSERT INTO t_keyed VALUES (1, 1)',
  'INSERT INTO t_parts VALUES (1)',
  'INSERT INTO t_pk VALUES (1, 1)',
  'INSERT INTO t_plain VALUES (1)',
  "INSERT INTO t_keyed_text VALUES (1, 's')",
];

describe('the way that a clause takes on a table with rows', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('matrix', 0, ...TABLES, ...MORE, ...ROWS);
  });
  afterAll(() => shard.close());

  it.each(MATRIX)('$change: $mysql on MySQL, $mariadb on MariaDB', async (wanted) => {
    const { clause, table = 't' } = wanted;
    const plan = await planned(shard, `ALTER TABLE ${table} ${clause}`, {
      policy: { smallTableRows: 0 },
      allow: ALLOWED,
    });
    expect(answerOf(plan)).toBe(wanted[shard.engine]);
  });
});

const DROPPED = ['t.a', 't.i', 't_virtual.v'];
const ALLOWED = [
  'reorder-enum:t.e',
  'drop-primary-key:t_keyed',
  ...DROPPED.flatMap((column) => [`drop-column:${column}`, `rename-column:${column}`]),
];

function answerOf(plan: Awaited<ReturnType<typeof planned>>): string {
  const [refusal] = plan.refusals;
  if (refusal !== undefined)
    return refusal.rule === 'NEEDS_COPY' ? 'copy' : `${refusal.rule}: ${refusal.reason}`;
  // The server can only copy: then the copy is Switchyard's own.
  return plan.steps.map(({ path }) => (path === 'shadow-copy' ? 'copy' : path)).join(' + ');
}
