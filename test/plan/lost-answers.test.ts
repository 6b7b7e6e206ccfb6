import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcomeOf, stillHolds } from '@switchyard/migrator/internal';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

const STEPS: readonly (readonly [string, string])[] = [
  ['an added column', 'ALTER TABLE account ADD COLUMN x INT'],
  ['a changed column', 'ALTER TABLE account MODIFY a BIGINT NULL'],
  ['an added index', 'CREATE INDEX k2 ON account (a, id)'],
  ['a dropped index', 'DROP INDEX k ON account'],
  ['a created table', 'CREATE TABLE audit (id INT PRIMARY KEY)'],
  ['a renamed table', 'RENAME TABLE account TO accounts'],
  ['a created view', 'CREATE VIEW v AS SELECT id FROM account'],
];

describe('a step whose answer was lost', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('lost');
  });
  beforeEach(() =>
    shard.run(
      'DROP VIEW IF EXISTS v',
      'DROP TABLE IF EXISTS account, accounts, audit',
      'CREATE TABLE account (id INT AUTO_INCREMENT PRIMARY KEY, a INT, KEY k (a))',
      'INSERT INTO account (a) VALUES (1), (2)',
    ),
  );
  afterAll(() => shard.close());

  it.each(STEPS)('is settled by the schema: %s', async (_what, sql) => {
    const [step] = (await planned(shard, sql, { allow: ['rename-table:account'] })).steps;
    expect([
      await outcomeOf(shard.connection, step!),
      await stillHolds(shard.connection, step!),
    ]).toEqual(['not-done', true]);
    await shard.run(step!.sql);
    expect([
      await outcomeOf(shard.connection, step!),
      await stillHolds(shard.connection, step!),
    ]).toEqual(['done', false]);
  });

  it('is settled although rows were inserted meanwhile', async () => {
    const [step] = (await planned(shard, 'ALTER TABLE account ADD COLUMN x INT')).steps;
    await shard.run('INSERT INTO account (a) VALUES (3)');
    expect(await outcomeOf(shard.connection, step!)).toBe('not-done');
  });

  it('is neither done nor open where someone else changed the table', async () => {
    const [step] = (await planned(shard, 'ALTER TABLE account ADD COLUMN x INT')).steps;
    await shard.run('ALTER TABLE account ADD COLUMN other INT');
    expect(await outcomeOf(shard.connection, step!)).toBe('changed');
    expect(await stillHolds(shard.connection, step!)).toBe(false);
  });

  it('is settled after the steps before it, when the migration has several', async () => {
    const plan = await planned(shard, [
      'ALTER TABLE account ADD COLUMN x INT',
      'CREATE INDEX k_x ON account (x)',
    ]);
    const [first, second] = plan.steps;
    expect(await outcomeOf(shard.connection, second!)).toBe('changed');
    await shard.run(first!.sql);
    expect(await outcomeOf(shard.connection, second!)).toBe('not-done');
    await shard.run(second!.sql);
    expect(await outcomeOf(shard.connection, second!)).toBe('done');
  });

  it('is unknown to the schema where it changed rows', async () => {
    const [step] = (await planned(shard, 'UPDATE account SET a = 5')).steps;
    expect(await outcomeOf(shard.connection, step!)).toBe('unknown');
    expect(step?.verify).toEqual({ kind: 'transaction' });
  });
});
