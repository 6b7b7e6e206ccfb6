import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyTable, type CopyEvent } from '@switchyard/copier';
import { mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';
import { Writers } from './writers.ts';

const ROWS = 20_000;

describe('a table that is copied while applications write to it', () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'copied');
  });
  afterAll(() => database.stop());

  it('gets its new definition, loses no acknowledged write and gives no application an error', async () => {
    await database.run(
      'CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(100) NULL)',
    );
    await database.fill('orders', ROWS);
    const writers = Writers.start(database.connect, {
      table: 'orders',
      rows: ROWS,
      writers: 6,
    });
    const events: CopyEvent[] = [];
    const result = await copyTable({
      ...database.options('orders', ['MODIFY id BIGINT NOT NULL AUTO_INCREMENT']),
      onEvent: (event) => events.push(event),
    });
    const { errors, values, deleted, writes } = await writers.stop();
    expect(errors).toEqual([]);
    expect(writes).toBeGreaterThan(100);
    expect(result.rowsCopied).toBeGreaterThanOrEqual(ROWS - 200);
    const rows = await database.rows('SELECT id, v FROM orders');
    const found = new Map(rows.map(({ id, v }) => [Number(id), Number(v)]));
    const expected = new Map(Array.from({ length: ROWS }, (_, i) => [i + 1, 0]));
    for (const [id, v] of values) expected.set(id, v);
    for (const id of deleted) expected.delete(id);
    expect(found).toEqual(expected);
    const [column] = await database.rows("SHOW COLUMNS FROM orders LIKE 'id'");
    expect(String(column!['Type'])).toContain('bigint');
    expect(events.filter(({ event }) => event === 'repaired')).toEqual([]);
    expect(await database.leftovers()).toEqual([]);
    expect(events).toContainEqual(expect.objectContaining({ event: 'swapped' }));
  });
});
