import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

const RULE = 'USED_BY_STORED_CODE';

describe('triggers, views and routines of a shard', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'stored',
      0,
      'CREATE TABLE t (id INT PRIMARY KEY, legacy INT NULL, seen INT NULL, free INT NULL)',
      'CREATE TABLE other (id INT PRIMARY KEY, legacy INT NULL)',
      'CREATE TRIGGER t_bi BEFORE INSERT ON t FOR EACH ROW SET NEW.legacy = NEW.id',
      'CREATE VIEW v AS SELECT id, seen FROM t',
      "CREATE PROCEDURE p() SELECT 'free', id FROM t",
    );
  });
  afterAll(() => shard.close());

  it.each([
    ['ALTER TABLE t DROP COLUMN legacy', 'drop-column:t.legacy', ['break-trigger:t_bi']],
    ['ALTER TABLE t RENAME COLUMN seen TO looked', 'rename-column:t.seen', ['break-view:v']],
    ['DROP TABLE t', 'drop-table:t', ['break-procedure:p', 'break-view:v']],
    ['ALTER TABLE t DROP COLUMN free', 'drop-column:t.free', []],
    ['ALTER TABLE other DROP COLUMN legacy', 'drop-column:other.legacy', []],
  ])('refuse what would break them, by name: %s', async (sql, flag, flags) => {
    const { refusals } = await planned(shard, sql, { allow: [flag] });
    expect(refusals.map(({ rule }) => rule)).toEqual(flags.map(() => RULE));
    expect(refusals.map((one) => one.flag).sort()).toEqual(flags);
    expect((await planned(shard, sql, { allow: [flag, ...flags] })).refusals).toEqual([]);
  });

  it('refuse nothing where the migration drops them itself', async () => {
    const sql = ['DROP TRIGGER t_bi', 'ALTER TABLE t DROP COLUMN legacy'];
    const { refusals } = await planned(shard, sql, { allow: ['drop-column:t.legacy'] });
    expect(refusals).toEqual([]);
  });
});
