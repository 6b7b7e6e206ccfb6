import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const ADD =
  'ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE';
const LARGE = { policy: { smallTableRows: 1 } };

describe('a foreign key', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('fk');
  });
  beforeEach(() =>
    shard.run(
      'DROP TABLE IF EXISTS child, parent',
      'CREATE TABLE parent (id INT PRIMARY KEY)',
      'CREATE TABLE child (id INT PRIMARY KEY, parent_id INT NULL, KEY k (parent_id))',
      'INSERT INTO parent VALUES (1), (2)',
      'INSERT INTO child VALUES (1, 1), (2, 2), (3, NULL)',
    ),
  );
  afterAll(() => shard.close());

  it('is added to a small table by a copy under a lock, which the server checks', async () => {
    const { steps, refusals } = await planned(shard, ADD);
    expect(refusals).toEqual([]);
    expect(steps.map(({ path, lock, session }) => [path, lock, session])).toEqual([
      ['copy', 'shared', {}],
    ]);
    expect(steps[0]?.sql).toMatch(/ALGORITHM=COPY, LOCK=SHARED$/);
  });

  it('is added to a larger table in place, with orphans counted before and after', async () => {
    const plan = await planned(shard, ADD, LARGE);
    const [step] = plan.steps;
    expect(step?.path).toBe(shard.engine === 'mysql' ? 'inplace' : 'instant');
    expect(step?.session).toEqual({ foreign_key_checks: 0 });
    expect(step?.checks.map(({ when }) => when)).toEqual(['both']);
    await carryOut(shard, plan);
    await shard.run('DELETE FROM parent WHERE id = 1');
    const [rows] = await shard.connection.query('SELECT id FROM child ORDER BY id');
    expect(rows).toEqual([{ id: 2 }, { id: 3 }]);
  });

  it('counts an orphan that came after planning', async () => {
    const plan = await planned(shard, ADD, LARGE);
    await shard.run('INSERT INTO child VALUES (4, 99)');
    const [rows] = await shard.connection.query(plan.steps[0]!.checks[0]!.sql);
    expect(rows).toEqual([{ offending: 1 }]);
  });

  it.each([{}, LARGE])('is refused where rows have no parent (%j)', async (options) => {
    await shard.run('INSERT INTO child VALUES (4, 99)');
    const plan = await planned(shard, ADD, options);
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['ORPHANS_PRESENT']);
  });

  it('is refused where the types of the two columns differ', async () => {
    await shard.run('CREATE TABLE other (id BIGINT PRIMARY KEY)');
    const sql = 'ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES other (id)';
    const plan = await planned(shard, sql);
    await shard.run('DROP TABLE other');
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['NOT_PLANNABLE']);
  });

  it('is part of the twin: what it forbids is refused before the shard is asked', async () => {
    await shard.run(ADD);
    const plan = await planned(shard, 'ALTER TABLE parent MODIFY id BIGINT NOT NULL');
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['NOT_PLANNABLE']);
    expect(plan.refusals[0]?.reason).toMatch(/foreign key/i);
  });

  it('does not stop its table from being altered', async () => {
    await shard.run(ADD);
    const plan = await planned(shard, [
      'ALTER TABLE child ADD COLUMN x INT',
      'ALTER TABLE parent ADD COLUMN x INT, ADD INDEX k_x (x)',
    ]);
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.path)).toEqual(['instant', 'instant', 'inplace']);
    await carryOut(shard, plan);
  });
});
