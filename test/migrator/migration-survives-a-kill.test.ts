import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const POINTS = [
  'lease-taken',
  'migration-noted',
  'step-noted',
  'before-statement',
  'after-statement',
  'step-ended',
  'before-migration-ended',
  'migration-ended',
  'lease-released',
];

describe('a rollout whose process is killed (kill -9)', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, touched INT NOT NULL DEFAULT 0)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere("INSERT INTO account (id, name) VALUES (1, 'one'), (2, 'two')");
  });
  afterAll(() => fleet.stop());

  it.each(POINTS.map((point, i) => [point, i] as const))(
    'at %s goes on with resume, and no statement runs twice',
    async (point, i) => {
      await fleet.everywhere('UPDATE account SET touched = 0');
      const name = await fleet.migration(`Step${i}x`, 1790000001000 + i, [
        `ALTER TABLE account ADD COLUMN c${i} INT NULL`,
        'UPDATE account SET touched = touched + 1',
        `CREATE INDEX by_c${i} ON account (c${i})`,
      ]);
      const killed = await fleet.json(['migrate'], { CRASH_AT: `${point}@us2` });
      expect(killed.signal).toBe('SIGKILL');
      const resumed = await fleet.json(['resume']);
      expect(resumed.out + resumed.err).not.toContain('"error"');
      expect(resumed.code).toBe(0);
      for (const shard of fleet.shards) {
        expect(await fleet.columns(shard, 'account')).toContain(`c${i}`);
        const touched = await fleet.rows(shard, 'SELECT DISTINCT touched FROM account');
        expect(touched).toEqual([{ touched: 1 }]);
        const done = (await fleet.ledger(shard)).filter(
          ({ migration, state }) => migration === name && state === 'done',
        );
        expect(done.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
      }
    },
  );

  it('is shown as interrupted by status, with what was begun', async () => {
    await fleet.migration('Last', 1790000002000, ['ALTER TABLE account ADD COLUMN z INT NULL']);
    const killed = await fleet.json(['migrate'], { CRASH_AT: 'after-statement@us2' });
    expect(killed.signal).toBe('SIGKILL');
    const { code, events } = await fleet.json(['status']);
    expect(code).toBe(1);
    const us2 = events.find(({ shard }) => shard === 'us2');
    expect(us2).toMatchObject({ open: { migration: 'Last1790000002000', outcome: null } });
    expect((await fleet.run(['resume'])).code).toBe(0);
    expect((await fleet.json(['status'])).code).toBe(0);
  });
});
