import { describe, expect, it } from 'vitest';
import { readPlainColumn } from './plain-column.ts';
import { readByGrammar } from './read-statement.ts';

const HEADS = [
  'ALTER TABLE t ADD COLUMN a',
  'alter table `t` add `a`',
  '\n  ALTER  TABLE t_1\n ADD\tCOLUMN  `select`',
  'ALTER TABLE `order` ADD COLUMN type',
];
const TYPES = [
  ...['TINYINT', 'tinyint(1)', 'SMALLINT', 'MEDIUMINT', 'INT', 'int (11)', 'BIGINT'],
  ...['INT UNSIGNED', 'bigint(20)  unsigned', 'VARCHAR(20)', 'varchar ( 20 )', 'CHAR(36)'],
  ...['VARBINARY(16)', 'BINARY(16)', 'DATETIME', 'DATETIME(6)', 'TIMESTAMP', 'timestamp(3)'],
  ...['DECIMAL(12,4)', 'decimal ( 12 , 4 )', 'DATE', 'DOUBLE', 'FLOAT', 'BOOLEAN', 'JSON'],
  ...['TINYTEXT', 'TEXT', 'MEDIUMTEXT', 'LONGTEXT'],
];
const ATTRIBUTES = [
  '',
  ' NULL',
  ' NOT NULL',
  '  not\n null',
  ' DEFAULT NULL',
  ' NULL DEFAULT -5',
  " NOT NULL DEFAULT 'a b: 1.5+2/3-4'",
  " default ''",
  ' NOT NULL DEFAULT 0.50',
  ' NULL;',
  " DEFAULT 'ADD'  ;\n",
];

const OTHERS = [
  'ALTER TABLE t ADD COLUMN a INT NULL AFTER b',
  'ALTER TABLE t ADD COLUMN a INT NULL FIRST',
  'ALTER TABLE t ADD COLUMN a INT, ADD COLUMN b INT',
  'ALTER TABLE t ADD COLUMN a INT NULL, ALGORITHM=COPY',
  'ALTER TABLE t ADD COLUMN a INT NULL; DROP TABLE t',
  'ALTER TABLE t ADD COLUMN a INT NOT NULL AUTO_INCREMENT',
  'ALTER TABLE t ADD COLUMN a INT PRIMARY KEY',
  'ALTER TABLE t ADD COLUMN a INT UNIQUE',
  'ALTER TABLE t ADD COLUMN a INT REFERENCES p (id)',
  'ALTER TABLE t ADD COLUMN a INT AS (b + 1)',
  'ALTER TABLE t ADD COLUMN a INT CHECK (a > 0)',
  'ALTER TABLE t ADD COLUMN a INT DEFAULT (1 + 1)',
  "ALTER TABLE t ADD COLUMN a VARCHAR(9) DEFAULT 'it''s'",
  "ALTER TABLE t ADD COLUMN a VARCHAR(9) DEFAULT 'a\\'",
  "ALTER TABLE t ADD COLUMN a INT COMMENT 'x'",
  'ALTER TABLE t ADD COLUMN a INT /*!80023 INVISIBLE */',
  'ALTER TABLE t ADD COLUMN a INT -- NULL',
  'ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT',
  'ALTER TABLE IF EXISTS t ADD COLUMN a INT',
  'ALTER TABLE other.t ADD COLUMN a INT',
  'ALTER TABLE `other`.`t` ADD COLUMN a INT',
  'ALTER TABLE `a``b` ADD COLUMN a INT',
  'ALTER TABLE t ADD COLUMN (a INT)',
  'ALTER TABLE t ADD INDEX INT (a)',
  'ALTER TABLE t ADD a INT',
  'ALTER TABLE t ADD COLUMN a GEOMETRY NULL',
  'ALTER TABLE t ADD COLUMN a DOUBLE PRECISION',
  'ALTER TABLE t ADD COLUMN a VARCHAR(9) CHARACTER SET ascii',
  'ALTER ONLINE TABLE t ADD COLUMN a INT',
  'ALTER TABLE t ADD COLUMN a INT DEFAULT ?',
];

describe('a plain column', () => {
  it.each(HEADS)('is the same without the grammar as with it, after %j', (head) => {
    for (const type of TYPES) {
      for (const attributes of ATTRIBUTES) {
        const sql = `${head} ${type}${attributes}`;
        expect(readPlainColumn(sql), sql).toEqual(readByGrammar(sql));
      }
    }
  });

  it.each(OTHERS)('is left to the grammar where it says more: %s', (sql) => {
    expect(readPlainColumn(sql)).toBeUndefined();
  });
});
