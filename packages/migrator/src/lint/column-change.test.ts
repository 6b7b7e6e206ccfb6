import { describe, expect, it } from 'vitest';
import { columnDangers } from './column-change.ts';
import { columnType } from './column-type.ts';

const SAFE: readonly (readonly [string, string])[] = [
  ['varchar(20) DEFAULT NULL', 'varchar(40) DEFAULT NULL'],
  ['varchar(20) DEFAULT NULL', 'text DEFAULT NULL'],
  ['int(11) NOT NULL', 'bigint(20) NOT NULL'],
  ['smallint unsigned NOT NULL', 'int NOT NULL'],
  ['decimal(10,2) NOT NULL', 'decimal(12,2) NOT NULL'],
  ['datetime NOT NULL', 'datetime(6) NOT NULL'],
  ["enum('a','b') NOT NULL", "enum('a','b','c') NOT NULL"],
  ['int NOT NULL', 'int DEFAULT NULL'],
];

const UNSAFE: readonly (readonly [string, string, string, string | undefined])[] = [
  ['int DEFAULT NULL', 'int NOT NULL', 'NULLS_PRESENT', '`c` IS NULL'],
  ['varchar(20) NOT NULL', 'varchar(10) NOT NULL', 'NARROWING', 'CHAR_LENGTH(`c`) > 10'],
  ['text', 'varchar(200)', 'NARROWING', 'CHAR_LENGTH(`c`) > 200'],
  ['varchar(300)', 'tinytext', 'NARROWING', 'LENGTH(`c`) > 255'],
  ['varbinary(16)', 'binary(8)', 'NARROWING', 'LENGTH(`c`) > 8 OR LENGTH(`c`) < 8'],
  ['bigint', 'int', 'NARROWING', '`c` < -2147483648 OR `c` > 2147483647'],
  ['int', 'int unsigned', 'NARROWING', '`c` < 0 OR `c` > 4294967295'],
  ['decimal(10,2)', 'decimal(6,2)', 'NARROWING', '`c` <> ROUND(`c`, 2) OR ABS(`c`) >= 10000'],
  ['datetime(6)', 'datetime(3)', 'NARROWING', 'MICROSECOND(`c`) % 1000 <> 0'],
  ['datetime', 'date', 'NARROWING', "TIME(`c`) <> '00:00:00'"],
  ['varchar(9)', "enum('a','it''s')", 'NARROWING', "`c` NOT IN ('a', 'it''s')"],
  ["enum('a','b')", "enum('b','a')", 'ENUM_REORDER', undefined],
  ['timestamp', 'int', 'TYPE_CHANGE', undefined],
];

describe('a change of a column’s type', () => {
  it('asks the rows as well where a change of meaning may be allowed by name', () => {
    const dangers = columnDangers('c', columnType('varchar(9)'), columnType('int'));
    expect(dangers.map(({ rule, flag }) => [rule, flag])).toEqual([
      ['NARROWING', undefined],
      ['TYPE_CHANGE', 'change-type'],
    ]);
  });

  it('asks for characters that the new character set lacks', () => {
    const utf8 = columnType('varchar(9) CHARACTER SET utf8mb4');
    const latin1 = columnType('varchar(9)', { charset: 'latin1' });
    expect(columnDangers('c', utf8, latin1)[0]?.where).toBe(
      'NOT (CAST(CONVERT(CONVERT(`c` USING latin1) USING utf8mb4) AS BINARY) <=> CAST(`c` AS BINARY))',
    );
    expect(columnDangers('c', latin1, utf8)).toEqual([]);
  });

  it.each(SAFE)('is safe from %s to %s', (from, to) => {
    expect(columnDangers('c', columnType(from), columnType(to))).toEqual([]);
  });

  it.each(UNSAFE)('from %s to %s is a danger: %s', (from, to, rule, where) => {
    const dangers = columnDangers('c', columnType(from), columnType(to));
    expect(dangers.map((danger) => [danger.rule, danger.where])).toEqual([[rule, where]]);
  });
});
