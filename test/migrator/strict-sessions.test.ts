import { afterEach, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

let fleet: MigratedFleet | undefined;
afterEach(() => fleet?.stop());

describe('a server that is not strict', () => {
  it('loses no value: what was not seen beforehand fails', async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'], servers: 1 });
    const [before] = await fleet.rows('us1', 'SELECT @@GLOBAL.sql_mode AS mode');
    await fleet.rows('us1', "SET GLOBAL sql_mode = ''");
    try {
      await fleet.migration('Items', 1700000000001, [
        'CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(3) NULL)',
        "INSERT INTO item VALUES (1, 'abc')",
      ]);
      expect((await fleet.run(['prepare'])).code).toBe(0);
      expect((await fleet.run(['migrate'])).code).toBe(0);
      // A concatenation is no constant that the empty scratch table could refuse.
      await fleet.migration('Longer', 1700000000002, ["UPDATE item SET name = CONCAT(name, 'd')"]);
      const { code, out } = await fleet.run(['migrate']);
      expect(code).toBe(1);
      expect(out).toContain('too long');
      expect(await fleet.rows('us1', 'SELECT name FROM item')).toEqual([{ name: 'abc' }]);
    } finally {
      await fleet.rows('us1', 'SET GLOBAL sql_mode = ?', [before?.['mode']]);
    }
  });

  it('sends the shard with the most rows first, and asks it before anything changes', async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'eu1'], servers: 1 });
    await fleet.migration('Items', 1700000000001, [
      'CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(30) NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    const rows = Array.from({ length: 200 }, (_, i) => `(${i}, 'x')`).join();
    await fleet.rows('eu1', `INSERT INTO item VALUES ${rows}`);
    await fleet.rows('eu1', 'ANALYZE TABLE item');
    await fleet.migration('Wider', 1700000000002, ['ALTER TABLE item ADD COLUMN n INT NULL']);
    const { events } = await fleet.json(['migrate']);
    const started = events.find(({ event }) => event === 'rollout-started');
    expect(started?.['waves']).toMatchObject([{ name: 'canary', shards: ['eu1'] }, {}]);
  });
});
