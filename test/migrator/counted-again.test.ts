import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase, mysqlServers } from '../support/servers/index.ts';
import { MigratedFleet } from './migrated-fleet.ts';

vi.setConfig({ testTimeout: 180_000 });

describe('a step', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE parent (id BIGINT NOT NULL PRIMARY KEY)',
      'CREATE TABLE child (id BIGINT NOT NULL PRIMARY KEY, parent_id BIGINT NULL, KEY k (parent_id))',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere('INSERT INTO parent VALUES (1)');
    const values = Array.from({ length: 1500 }, (_, i) => `(${i + 1}, 1)`).join();
    await fleet.everywhere(`INSERT INTO child VALUES ${values}`);
  });
  afterAll(() => fleet.stop());

  it('counts the orphans of a foreign key again where the count after it had failed', async () => {
    await fleet.migration('Key', 1790000000001, [
      'ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES parent (id)',
    ]);
    const running = fleet.spawn(['migrate', '--json'], { STOP_AT: 'before-statement' });
    await running.saw('step-started');
    await stopped(running.child.pid!);
    await fleet.rows('us1', 'INSERT INTO child VALUES (9999, 99)'); // an orphan, in between
    running.child.kill('SIGCONT');
    const { code } = await running.ended;

    expect(code).toBe(1);
    const retried = await fleet.json(['resume']);

    expect(retried.code).not.toBe(0);
    await fleet.rows('us1', 'DELETE FROM child WHERE id = 9999');
    expect((await fleet.json(['resume'])).code).toBe(0);
  });

  it('counts them where its run was killed before the count after it', async () => {
    await fleet.rows('us1', 'DELETE FROM child WHERE id = 9999');
    await fleet.migration('KeyTwo', 1790000000002, [
      'ALTER TABLE child ADD COLUMN other_id BIGINT NULL, ADD KEY o (other_id)',
    ]);
    expect((await fleet.json(['migrate'])).code).toBe(0);
    await fleet.migration('KeyThree', 1790000000003, [
      'ALTER TABLE child ADD CONSTRAINT fk2 FOREIGN KEY (other_id) REFERENCES parent (id)',
    ]);
    const running = fleet.spawn(['migrate', '--json'], {
      STOP_AT: 'before-statement',
      CRASH_AT: 'after-statement',
    });
    await running.saw('step-started');
    await stopped(running.child.pid!);
    await fleet.rows('us1', 'UPDATE child SET other_id = 99 WHERE id = 1');
    running.child.kill('SIGCONT');
    expect((await running.ended).signal).toBe('SIGKILL');
    const resumed = await fleet.json(['resume']);

    expect(resumed.code).not.toBe(0);
    await fleet.rows('us1', 'UPDATE child SET other_id = NULL');
    expect((await fleet.json(['resume'])).code).toBe(0);
  });

  it('refuses to drop two views by one statement, of which one may be there', async () => {
    await fleet.rows('us1', 'CREATE VIEW b AS SELECT 1 AS one');
    await fleet.migration('DropViews', 1790000000009, ['DROP VIEW IF EXISTS a, b']);
    const { code } = await fleet.json(['migrate']);

    const views = await fleet.rows('us1', "SHOW TABLES LIKE 'b'");
    await rm(`${fleet.folder}/migrations/1790000000009-DropViews.mjs`);
    expect(views).toHaveLength(1);
    expect(code).toBe(3);
  });

  it('sends nothing to another database', async () => {
    const [server] = await mysqlServers(1);
    const other = await freshDatabase(server!, 'other');
    await fleet.migration('Elsewhere', 1790000000010, [
      `CREATE PROCEDURE ${other.name}.strange() SELECT 1`,
    ]);
    const { code } = await fleet.json(['migrate']);
    const found = await fleet.rows(
      'us1',
      'SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?',
      [other.name],
    );

    await other.drop();
    expect(found).toEqual([]);
    expect(code).toBe(3);
  });
});

/** Resolves when the process has stopped itself. */
async function stopped(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    if (/\) T /.test(stat)) return;
  }
}
