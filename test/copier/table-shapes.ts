/** A table that a careless copier damages: how it is made and filled. */
export interface TableShape {
  readonly title: string;
  readonly columns: string;
  readonly rows: readonly string[];
  /** Writes while the copy is half done. */
  readonly writes?: readonly string[];
  /** For one engine only. */
  readonly engine?: 'mysql' | 'mariadb';
  /** In front of each INSERT: settings of a loose application. */
  readonly session?: string;
}

const numbered = (count: number, row: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => row(i + 1));

/** Every kind of key and column of which a copy may lose something. */
export const TABLE_SHAPES: readonly TableShape[] = [
  {
    title: 'keys that differ in trailing spaces, case and sharp s under a binary collation',
    columns: 'k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v INT',
    rows: ["'a', 1", "'A', 2", "'ß', 3", "'ss', 4", "'sS', 5", "'ä', 6", "'', 7", "'\\t', 8"],
    writes: ["UPDATE t SET k = 'Ss' WHERE k = 'ss'", "DELETE FROM t WHERE k = 'A'"],
  },
  {
    title: 'keys of a collation that ignores case, changed in case alone',
    columns: 'k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY, v INT',
    rows: ["'a', 1", "'b', 2", "'straße', 3", "'z', 4", "'É', 5"],
    writes: ["UPDATE t SET k = 'A' WHERE k = 'a'", "UPDATE t SET k = 'strasse' WHERE k = 'straße'"],
  },
  {
    title: 'keys of a character set of one byte',
    columns: 'k VARCHAR(20) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY, v INT',
    rows: ["'ä', 1", "'b', 2", "'ö', 3", "'y', 4"],
    writes: ["UPDATE t SET v = 9 WHERE k = 'ö'"],
  },
  {
    title: 'unsigned keys of 64 bits with one huge gap',
    columns: 'k BIGINT UNSIGNED PRIMARY KEY, v INT',
    rows: [
      '0, 1',
      '1, 2',
      '9007199254740993, 3',
      '18446744073709551614, 4',
      '18446744073709551615, 5',
    ],
    writes: [
      'UPDATE t SET v = 9 WHERE k = 18446744073709551615',
      'DELETE FROM t WHERE k = 9007199254740993',
    ],
  },
  {
    title: 'an AUTO_INCREMENT id of 0 and negative ids',
    columns: 'k INT AUTO_INCREMENT PRIMARY KEY, v INT',
    session: "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    rows: ['-5, 0', '0, 1', '1, 2', '7, 3'],
    writes: ['UPDATE t SET v = 9 WHERE k = 0'],
  },
  {
    title: 'decimal keys',
    columns: 'k DECIMAL(38,18) PRIMARY KEY, v INT',
    rows: [
      '-1.5, 1',
      '0.000000000000000001, 2',
      '12345678901234567890.123456789012345678, 3',
      '12345678901234567890.123456789012345679, 4',
    ],
    writes: ['UPDATE t SET v = 9 WHERE k = 12345678901234567890.123456789012345679'],
  },
  {
    title: 'date and time keys with zero and odd dates and microseconds',
    columns: 'd DATE, at DATETIME(6), ts TIMESTAMP(6) NULL, tm TIME(3), v INT, PRIMARY KEY (d, at)',
    session: "SET sql_mode = 'ALLOW_INVALID_DATES'",
    rows: [
      "'0000-00-00', '0000-00-00 00:00:00', NULL, '-838:59:59', 1",
      "'2026-02-31', '2026-02-31 23:59:59.999999', '2026-10-25 01:30:00.000001', '00:00:00.001', 2",
      "'2026-12-01', '2026-12-01 00:00:00.000001', '2026-10-25 02:30:00.123456', '838:59:59', 3",
      "'2026-12-01', '2026-12-01 00:00:00.000002', '1970-01-02 00:00:01', '12:00:00', 4",
    ],
    writes: ["UPDATE t SET v = 9 WHERE at = '2026-12-01 00:00:00.000001'"],
  },
  {
    title: 'binary keys with zero bytes',
    columns: 'k VARBINARY(16) PRIMARY KEY, f BINARY(4) NOT NULL, v INT',
    rows: [
      "X'00', X'00', 1",
      "X'0000', X'FF00', 2",
      "X'FF', X'61', 3",
      "X'27225C', X'00000001', 4",
    ],
    writes: ["DELETE FROM t WHERE k = X'0000'", "UPDATE t SET v = 9 WHERE k = X'27225C'"],
  },
  {
    title: 'a key of several columns of several types',
    columns: `a INT, b VARCHAR(10) COLLATE utf8mb4_unicode_ci, c BIT(9), e ENUM('z','a','m'), v INT,
      PRIMARY KEY (a, b, c, e)`,
    rows: numbered(
      12,
      (i) => `${i % 3}, 'k${i % 4}', b'${(i % 5).toString(2)}', ${1 + (i % 3)}, ${i}`,
    ),
    writes: ["UPDATE t SET b = 'K1' WHERE a = 1 AND b = 'k1'", 'DELETE FROM t WHERE a = 2'],
  },
  {
    title: 'no primary key but a unique key that is NOT NULL',
    columns: 'v INT, k CHAR(8) NOT NULL, n INT NULL, UNIQUE KEY by_n (n), UNIQUE KEY by_k (k)',
    rows: ["1, 'a', NULL", "2, 'b', NULL", "3, 'c', 3", "4, 'd', 4"],
    writes: ["UPDATE t SET k = 'e', n = 5 WHERE k = 'd'", "UPDATE t SET n = 4 WHERE k = 'c'"],
  },
  {
    title: 'generated and invisible columns',
    columns: `k INT PRIMARY KEY, a INT, twice INT GENERATED ALWAYS AS (a * 2) VIRTUAL,
      kept VARCHAR(20) GENERATED ALWAYS AS (CONCAT('n', a)) STORED, hidden INT DEFAULT 5 INVISIBLE`,
    rows: ['1, 10, DEFAULT, DEFAULT', '2, NULL, DEFAULT, DEFAULT', '3, 30, DEFAULT, DEFAULT'],
    writes: ['UPDATE t SET hidden = 77, a = 11 WHERE k = 1'],
  },
  {
    title: 'JSON, BIT, ENUM, SET, shapes and floating numbers',
    columns: `k INT PRIMARY KEY, j JSON, b BIT(64), e ENUM('b','a','c') NULL, s SET('x','y','z'),
      g GEOMETRY, f FLOAT, d DOUBLE, y YEAR, t TINYINT(1), w MEDIUMINT UNSIGNED`,
    rows: [
      `1, '{"a": 1.0, "b": [null, true, 12345678901234567890], "ä": "ß"}', b'1', 'a', 'x,z', ST_GeomFromText('POINT(1 2)'), 3.4028e38, 0.1, 1901, 1, 16777215`,
      `2, '[]', ~0, 'c', '', ST_GeomFromText('LINESTRING(0 0,1.5 1.25,2 2)', 4326), 16777217, 5e-324, 2155, 0, 0`,
      `3, NULL, NULL, NULL, NULL, NULL, 0.1, 1.7976931348623157e308, NULL, NULL, NULL`,
      `4, '"text"', 0, 1, 7, ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))'), -1.17549e-38, -0.0, 2026, 127, 7`,
    ],
    writes: [
      'UPDATE t SET f = 0.3, d = 0.3 WHERE k = 3',
      `UPDATE t SET j = '{"z": 0.1}' WHERE k = 2`,
    ],
  },
  {
    title: 'partitions',
    columns: 'k INT PRIMARY KEY, v INT',
    rows: numbered(20, (i) => `${i * 7}, ${i}`),
    writes: ['DELETE FROM t WHERE k = 14', 'UPDATE t SET k = 1000 WHERE k = 21'],
  },
  {
    title: 'a name with odd characters and columns called by keywords',
    columns: '`select` INT PRIMARY KEY, `back``tick` INT, `Größe` VARCHAR(5) NOT NULL',
    rows: ["1, 2, 'x'", "2, 3, 'ß'", "3, 4, ''"],
    writes: ['UPDATE t SET `back``tick` = 9 WHERE `select` = 2'],
  },
  {
    title: 'UUID and INET6',
    columns: 'k UUID PRIMARY KEY, i INET6',
    rows: [
      "'123e4567-e89b-12d3-a456-426655440000', '::1'",
      "'00000000-0000-0000-0000-000000000001', '2001:db8::ff00:42:8329'",
      "'ffffffff-e89b-12d3-a456-426655440000', NULL",
    ],
    writes: ["UPDATE t SET i = '::2' WHERE k = '123e4567-e89b-12d3-a456-426655440000'"],
    engine: 'mariadb',
  },
];
