import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyTable, type CopyEvent, type CopyStep } from '@switchyard/copier';
import { mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';

describe('the checksum of a copy', () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'checksum');
  });
  afterAll(() => database.stop());
  beforeEach(() =>
    database.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (k INT PRIMARY KEY, a VARCHAR(9), d DECIMAL(9,4), at DATETIME(6))',
      "INSERT INTO t VALUES (1, 'one', 1.25, '2026-12-01'), (2, 'two', 2.25, '2026-12-01'), (3, 'abc', 3.25, NULL), (4, NULL, 4, NULL)",
    ),
  );

  /** Damages the shadow once all chunks are written. */
  async function copyDamaged(alter: string[], damage: string): Promise<CopyEvent[]> {
    const events: CopyEvent[] = [];
    const pass = async (step: CopyStep) => {
      if (step === 'copied') await database.run(damage);
    };
    await copyTable({
      ...database.options('t', alter),
      failpoints: { pass },
      onEvent: (event) => events.push(event),
    });
    return events;
  }
  const ADD = ['ADD COLUMN added INT NULL'];

  it.each([
    ['a changed value', "UPDATE `t~new` SET a = 'eno' WHERE k = 1", 1],
    ['a missing row', 'DELETE FROM `t~new` WHERE k = 2', 1],
    ['a row too many', "INSERT INTO `t~new` (k, a) VALUES (9, 'x')", 1],
    ['NULL for an empty text', "UPDATE `t~new` SET a = '' WHERE k = 4", 1],
    [
      'values of equal length that two rows have exchanged',
      "UPDATE `t~new` SET a = IF(k = 1, 'two', 'one') WHERE k < 3",
      2,
    ],
  ])('finds %s and repairs it before the swap', async (_, damage, rows) => {
    const before = await database.rows('SELECT k, a, d, at FROM t');
    const events = await copyDamaged(ADD, damage);
    expect(await database.rows('SELECT k, a, d, at FROM t')).toEqual(before);
    const repaired = events.filter(({ event }) => event === 'repaired');
    expect(repaired).toEqual([{ event: 'repaired', table: 't', rows }]);
  });

  it.each([
    ['MODIFY k BIGINT NOT NULL'],
    ['MODIFY d DECIMAL(20,8) NULL'],
    ['MODIFY d VARCHAR(40) NULL'],
    ['MODIFY a TEXT CHARACTER SET latin1 NULL'],
    ['MODIFY a VARBINARY(40) NULL'],
    ['MODIFY at TIMESTAMP(3) NULL'],
    ['MODIFY at DATETIME NULL'],
    ['MODIFY at VARCHAR(40) NULL'],
    ['MODIFY d DOUBLE NULL'],
    ['CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'],
  ])('sees no difference in what %s keeps', async (clause) => {
    const events = await copyDamaged([clause], 'DO 0');
    expect(events.filter(({ event }) => event === 'repaired')).toEqual([]);
  });

  it('names the column where the new type holds other values', async () => {
    await database.run('UPDATE t SET d = 12345.6789 WHERE k = 2');
    const copy = copyTable(database.options('t', ['MODIFY d FLOAT NULL']));
    await expect(copy).rejects.toMatchObject({ code: 'ROWS_DIFFER', columns: ['d'] });
    expect(await database.leftovers()).toEqual([]);
  });

  it('finds rows that the log has not yet said, under a new collation of the key too', async () => {
    await database.run(
      'DROP TABLE t',
      'CREATE TABLE t (k VARCHAR(9) CHARACTER SET latin1 PRIMARY KEY, a INT)',
      "INSERT INTO t VALUES ('a', 1), ('B', 2), ('ä', 3), ('Z', 4)",
    );
    const before = await database.rows('SELECT k, a FROM t ORDER BY a');
    const events = await copyDamaged(
      ['MODIFY k VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL'],
      'UPDATE `t~new` SET a = 7 WHERE a = 3',
    );
    expect(await database.rows('SELECT k, a FROM t ORDER BY a')).toEqual(before);
    expect(events).toContainEqual({ event: 'repaired', table: 't', rows: 1 });
  });
});
