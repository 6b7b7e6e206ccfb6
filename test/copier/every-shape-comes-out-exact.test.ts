import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTable, type CopyStep } from '@switchyard/copier';
import { chosenEngine, mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';
import { TABLE_SHAPES, type TableShape } from './table-shapes.ts';

const shapes = TABLE_SHAPES.filter(
  ({ engine }) => engine === undefined || engine === chosenEngine(),
);

describe('a copied table has exactly the values of the original', () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'shapes');
  });
  afterAll(() => database.stop());

  async function make({ columns, rows, session, title }: TableShape): Promise<void> {
    const partitioned = title === 'partitions' ? ' PARTITION BY HASH(k) PARTITIONS 3' : '';
    await database.run(
      session ?? 'DO 0',
      'DROP TABLE IF EXISTS t',
      `CREATE TABLE t (${columns}) CHARACTER SET utf8mb4${partitioned}`,
      ...rows.map((row) => `INSERT INTO t VALUES (${row})`),
      'SET sql_mode = DEFAULT',
    );
  }

  it.each(shapes.map((shape) => [shape.title, shape] as const))('with %s', async (_, shape) => {
    await make(shape);
    const columns = await database.columns('t');
    let chunks = 0;
    const pass = async (step: CopyStep) => {
      if (step !== 'chunk-committed' || ++chunks !== 2) return;
      await database.run(...(shape.writes ?? []));
    };
    await copyTable({
      ...database.options('t', ['ADD COLUMN added INT NULL DEFAULT 4', 'COMMENT = "copied"']),
      pace: { firstRows: 1, mostRows: 1 },
      failpoints: { pass },
      keepOldTable: true,
    });
    expect(chunks).toBeGreaterThan(2);
    const old = await database.exact('`t~old`', columns);
    expect(await database.exact('t', columns)).toEqual(old);
    expect(old.length).toBeGreaterThan(0);
    const added = await database.rows('SELECT DISTINCT added FROM t');
    expect(added).toEqual([{ added: 4 }]);
    await database.run('DROP TABLE `t~old`');
    expect(await database.leftovers()).toEqual([]);
  });

  it('with rows of 16 MB', async () => {
    await database.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (k INT PRIMARY KEY, big LONGBLOB, v INT)',
      "INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)",
      // Made on the server: a packet of the client may be no longer than that.
      'UPDATE t SET big = REPEAT(CONCAT(big, CHAR(0)), 8000000)',
      'UPDATE t SET big = CONCAT(big, SUBSTRING(big, 1, 700000))',
    );
    const sums = () => database.rows('SELECT k, LENGTH(big) AS n, CRC32(big) AS c, v FROM t');
    const before = await sums();
    expect(Number(before[0]!['n'])).toBeGreaterThan(16_000_000);
    await copyTable(database.options('t', ['MODIFY v BIGINT']));
    expect(await sums()).toEqual(before);
  });
});
