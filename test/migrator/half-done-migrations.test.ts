import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

describe('a migration that is half done', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, touched INT NOT NULL DEFAULT 0)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere('INSERT INTO account (id) VALUES (1), (2)');
  });
  afterAll(() => fleet.stop());

  it('is finished and not begun again, where an older one failed at its first step', async () => {
    // Fails at its first step, is withdrawn: the file goes.
    const bad = await fleet.migration('Bad', 1790000000001, [
      'UPDATE account SET id = 1 WHERE id = 2',
    ]);
    expect((await fleet.json(['migrate'])).code).toBe(1);
    await rm(`${fleet.folder}/migrations/1790000000001-Bad.mjs`);
    expect((await fleet.ledger('us1')).find((row) => row.migration === bad)?.state).toBe('failed');
    // A second one fails at its second step.
    await fleet.migration('Touch', 1790000000002, [
      'UPDATE account SET touched = touched + 1',
      'UPDATE account SET id = 1 WHERE id = 2',
    ]);
    expect((await fleet.json(['migrate'])).code).toBe(1);
    expect(await fleet.rows('us1', 'SELECT touched FROM account WHERE id = 1')).toEqual([
      { touched: 1 },
    ]);
    // The fix, then retry.
    await fleet.rows('us1', 'DELETE FROM account WHERE id = 2');
    expect((await fleet.json(['resume'])).code).toBe(0);
    expect(await fleet.rows('us1', 'SELECT touched FROM account WHERE id = 1')).toEqual([
      { touched: 1 },
    ]);
  });

  it('keeps statements of more than 64 KB', async () => {
    const values = Array.from({ length: 3000 }, (_, i) => `(${1000 + i}, ${'0'.repeat(20)})`);
    await fleet.migration('Seed', 1790000000003, [
      'ALTER TABLE account ADD COLUMN seeded INT NULL',
      `INSERT INTO account (id, touched) VALUES ${values.join(', ')}`,
    ]);
    const { code, events } = await fleet.json(['migrate']);
    expect(events.find(({ event }) => event === 'shard-ended')).toMatchObject({ result: 'done' });
    expect(code).toBe(0);
  });
});

describe('status, where the file of a failed migration was taken away', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere('INSERT INTO account (id) VALUES (1), (2)');
  });
  afterAll(() => fleet.stop());

  const collides = 'UPDATE account SET id = 1 WHERE id = 2';
  async function failsAndGoes(at: number, statements: string[]): Promise<string> {
    const name = await fleet.migration('Bad', at, statements);
    expect((await fleet.json(['migrate'])).code).toBe(1);
    const { events } = await fleet.json(['status']);
    expect(events[0]).toMatchObject({ state: 'failed', open: { migration: name } });
    await rm(`${fleet.folder}/migrations/${at}-Bad.mjs`);
    return name;
  }

  it('is ready again where it had changed nothing', async () => {
    await failsAndGoes(1790000000001, [collides]);
    const { code, events } = await fleet.json(['status']);
    expect(code).toBe(0);
    expect(events[0]).toMatchObject({ state: 'ready' });
    expect(events[0]).not.toHaveProperty('open');
  });

  it('says so for good where it is half done', async () => {
    const name = await failsAndGoes(1790000000002, [
      'ALTER TABLE account ADD COLUMN a INT NULL',
      collides,
    ]);
    const { code, events } = await fleet.json(['status']);
    expect(code).toBe(1);
    expect(events[0]).toMatchObject({ state: 'failed', open: { migration: name } });
  });
});

describe('the rows of a table without transactions', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE old (id BIGINT NOT NULL PRIMARY KEY, touched INT NOT NULL) ENGINE=MyISAM',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere('INSERT INTO old VALUES (1, 0), (2, 0)');
  });
  afterAll(() => fleet.stop());

  it('are not changed by a step, which could not be undone half-way', async () => {
    await fleet.migration('Touch', 1790000000001, ['UPDATE old SET touched = touched + 1']);
    const { code, events } = await fleet.json(['migrate']);
    expect(code).toBe(3);
    expect(JSON.stringify(events)).toContain('NOT_PLANNABLE');
    expect(await fleet.rows('us1', 'SELECT DISTINCT touched FROM old')).toEqual([{ touched: 0 }]);
  });
});
