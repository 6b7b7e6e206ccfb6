import { TableColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

describe('what a step means for the statements of the application', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('meets', 0);
  });
  afterAll(() => shard.close());
  beforeEach(() =>
    shard.run(
      'DROP TABLE IF EXISTS t',
      `CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NULL,
         kind INT NOT NULL DEFAULT 1)`,
      'INSERT INTO t (v) VALUES (1), (2)',
    ),
  );

  it('stays the same while TypeORM widens a key: it keeps AUTO_INCREMENT at every step', async () => {
    const id = new TableColumn({
      name: 'id',
      type: 'bigint',
      isPrimary: true,
      isGenerated: true,
      generationStrategy: 'increment',
    });
    const plan = await planned(shard, (queryRunner) => queryRunner.changeColumn('t', 'id', id));
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map(({ clause }) => clause)).toEqual([
      'MODIFY COLUMN `id` bigint NOT NULL AUTO_INCREMENT',
    ]);
    await carryOut(shard, plan);
    await shard.run('INSERT INTO t (v) VALUES (3)');
    const [rows] = await shard.connection.query('SHOW COLUMNS FROM t LIKE "id"');
    expect(rows).toMatchObject([{ Key: 'PRI', Extra: 'auto_increment' }]);
  });

  it('keeps a primary key over another column that the migration really drops', async () => {
    await shard.run('DROP TABLE t', 'CREATE TABLE t (id INT NOT NULL, k INT NOT NULL PRIMARY KEY)');
    const plan = await planned(shard, [
      'ALTER TABLE t DROP PRIMARY KEY',
      'ALTER TABLE t DROP COLUMN id',
      'ALTER TABLE t ADD id BIGINT NOT NULL PRIMARY KEY',
    ]);
    expect(plan.steps.map(({ clause }) => clause)).toContain('DROP PRIMARY KEY');
  });

  it.each([
    ['MODIFY id INT NOT NULL', 'inserts without a value for id fail (no AUTO_INCREMENT any more)'],
    ['ALTER kind DROP DEFAULT', 'inserts without a value for kind fail'],
    ['ADD state INT NOT NULL', 'inserts without a value for state fail'],
    ['DROP COLUMN v', 'statements that name v fail'],
    ['MODIFY kind INT NOT NULL DEFAULT 2', ''],
    ['ADD state INT NOT NULL DEFAULT 0', ''],
    ['ADD more INT NULL', ''],
  ])('is said in the plan: %s', async (clause, note) => {
    const allow = ['drop-column:t.v'];
    const { steps } = await planned(shard, `ALTER TABLE t ${clause}`, { allow });
    expect(steps.map((step) => step.note.replace(/^small table.*?wait(; )?/, ''))).toEqual([note]);
  });
});
