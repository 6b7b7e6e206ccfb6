import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

describe('migrations, their files and their rows', () => {
  let fleet: MigratedFleet;
  let first: string;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    first = await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE plan (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL)',
      "INSERT INTO plan (name) VALUES ('free')",
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
  });
  afterAll(() => fleet.stop());

  it('insert rows with the ids of their own shard', async () => {
    const ids = await Promise.all(
      fleet.shards.map(
        async (shard) => (await fleet.rows(shard, 'SELECT id FROM plan'))[0]?.['id'],
      ),
    );
    expect(ids).toEqual([1, 2]);
  });

  it('are noted with who ran them, when, by which tool and from which file', async () => {
    const [row] = await fleet.rows(
      'us1',
      'SELECT * FROM shard_ledger WHERE migration = ? AND step = 0',
      [first],
    );
    expect(row).toMatchObject({ direction: 'up', state: 'done', plan: null });
    expect(String(row?.['who'])).toMatch(/.+@.+/);
    expect(String(row?.['tool'])).toMatch(/^switchyard \d+\.\d+\.\d+$/);
    expect(String(row?.['checksum'])).toMatch(/^[0-9a-f]{64}$/);
    expect(row?.['ended_at']).toBeInstanceOf(Date);
  });

  it('are reported by plan and status when their file changed after they ran', async () => {
    await rewrite('1790000000000-FirstSchema.mjs', first, "SELECT 'edited'");
    const planned = await fleet.spawn(['plan', '--json']).ended;
    expect(planned.events[0]).toMatchObject({ shard: 'us1', changed: [first] });
    const { out } = await fleet.spawn(['status']).ended;
    expect(out).toContain(`us2: the file of ${first} has changed since it ran`);
  });

  it('are not gone on with when their file changed while they were half done', async () => {
    const name = await fleet.migration('Half', 1790000000001, [
      'ALTER TABLE plan ADD COLUMN a INT NULL',
      'ALTER TABLE plan ADD INDEX by_a (a)',
    ]);
    const killed = await fleet.json(['migrate'], { CRASH_AT: 'step-ended@us1' });
    expect(killed.signal).toBe('SIGKILL');
    await rewrite('1790000000001-Half.mjs', name, 'ALTER TABLE plan ADD COLUMN z INT NULL');
    const resumed = await fleet.spawn(['resume', '--json']).ended;
    expect(resumed.code).toBe(1);
    const ended = resumed.events.find(({ event }) => event === 'shard-ended');
    expect(ended).toMatchObject({ shard: 'us1', failure: { code: 'MIGRATION_CHANGED' } });
    expect(await fleet.columns('us1', 'plan')).toEqual(['id', 'name', 'a']);
    await rename(
      join(fleet.folder, 'kept'),
      join(fleet.folder, 'migrations', '1790000000001-Half.mjs'),
    );
    expect((await fleet.spawn(['resume']).ended).code).toBe(0);
    expect(await fleet.columns('us2', 'plan')).toEqual(['id', 'name', 'a']);
  });

  /** Puts another migration of the same name in the file; the old text is kept aside. */
  async function rewrite(file: string, name: string, sql: string): Promise<void> {
    const path = join(fleet.folder, 'migrations', file);
    await rename(path, join(fleet.folder, 'kept'));
    await writeFile(
      path,
      `export class ${name} {\n  async up(runner) { await runner.query(${JSON.stringify(sql)}); }\n  async down() {}\n}\n`,
    );
  }
});
