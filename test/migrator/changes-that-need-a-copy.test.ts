import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectTo } from '../support/servers/index.ts';
import { Writers, type Acknowledged } from '../copier/writers.ts';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const ROWS = 5000;
const SHARDS = ['us1', 'us2'];

/** Both servers can change a column's type only by copying the table. */
const WIDEN = 'ALTER TABLE item MODIFY v BIGINT NOT NULL';

describe('a change that needs a copy of a table of many rows', () => {
  let fleet: MigratedFleet;
  let at = 1790000000000;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: SHARDS, rollout: { canary: ['us2'] } });
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  beforeEach(async () => {
    fleet.plan = undefined;
    await fleet.everywhere('DROP TABLE IF EXISTS item');
    await fleet.everywhere(
      'CREATE TABLE item (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(200) NOT NULL DEFAULT "x")',
    );
    for (const shard of SHARDS) {
      const values = Array.from({ length: ROWS }, (_, i) => [i + 1, 0]);
      await fleet.rows(shard, 'INSERT INTO item (id, v) VALUES ?', [values]);
    }
  });
  afterAll(() => fleet.stop());

  it('is planned as a shadow copy, with what it needs', async () => {
    await migration('Planned', WIDEN);
    const { code, out } = await fleet.run(['plan']);
    expect(code).toBe(0);
    expect(out).toContain('shadow-copy');
    expect(out).toMatch(/while writes go on: about \d+ MB of free disk, about \d+ s/);
    expect(await tablesOf('us1')).toEqual(['item']);
    expect((await fleet.run(['migrate'])).code).toBe(0);
  });

  it('goes over the fleet under writers, the canary first, and no write is lost', async () => {
    const name = await migration('Widened', WIDEN);
    const writers = SHARDS.map(writersOf);
    const { code, events, err } = await fleet.json(['migrate']);
    const written = await Promise.all(writers.map((each) => each.stop()));
    expect(err).toBe('');
    expect(code).toBe(0);
    const ended = events.filter(({ event }) => event === 'shard-ended');
    expect(ended.map(({ shard }) => shard)).toEqual(['us2', 'us1']);
    const progress = events.filter(({ event }) => event === 'step-progress');
    expect(progress[0]).toMatchObject({ step: 1, rows: { copied: expect.any(Number) as number } });
    for (const [i, shard] of SHARDS.entries()) {
      await expectCarried(shard, written[i]!);
      const steps = (await fleet.ledger(shard)).filter(({ migration }) => migration === name);
      expect(steps.map(({ path, state }) => [path, state])).toEqual([
        ['migration', 'done'],
        ['shadow-copy', 'done'],
      ]);
    }
  });

  it.each(['copy-recording', 'copy-chunk-committed', 'copy-before-rename', 'copy-renamed'])(
    'is killed at %s and goes on with the next migrate, by the same row of the ledger',
    async (point) => {
      const name = await migration('Killed', WIDEN);
      const writers = SHARDS.map(writersOf);
      const killed = await fleet.json(['migrate'], { CRASH_AT: `${point}@us2` });
      expect(killed.signal).toBe('SIGKILL');
      const left = (await fleet.ledger('us2')).filter(({ migration }) => migration === name);
      expect(left.map(({ step, state }) => [step, state])).toEqual([
        [0, 'started'],
        [1, 'started'],
      ]);
      expect(await tablesOf('us2')).toContain('item~state');
      const { code, err } = await fleet.json(['migrate']);
      expect(err).toBe('');
      expect(code).toBe(0);
      const written = await Promise.all(writers.map((each) => each.stop()));
      for (const [i, shard] of SHARDS.entries()) await expectCarried(shard, written[i]!);
      const steps = (await fleet.ledger('us2')).filter(({ migration }) => migration === name);
      expect(steps.map(({ step, state }) => [step, state])).toEqual([
        [0, 'done'],
        [1, 'done'],
      ]);
    },
  );

  it('is paused in the middle, and an abort removes the copy', async () => {
    const name = await migration('Aborted', WIDEN);
    const running = fleet.spawn(['migrate', '--json'], { STOP_AT: 'copy-chunk-committed@us2' });
    await vi.waitFor(async () => expect(await stateOf(running.child.pid)).toBe('T'), 30_000);
    expect((await fleet.run(['pause'])).code).toBe(0);
    // It stops itself after each chunk until it has seen the pause.
    const letting = setInterval(() => running.child.kill('SIGCONT'), 100);
    await running.saw('paused', 'us2').finally(() => clearInterval(letting));
    expect(await tablesOf('us2')).toContain('item~new');
    expect((await fleet.run(['abort'])).code).toBe(0);
    expect((await running.ended).code).toBe(4);
    expect(await tablesOf('us2')).toEqual(['item']);
    expect(await typeOfV('us2')).toBe('int');
    const [, step] = (await fleet.ledger('us2')).filter(({ migration }) => migration === name);
    expect(step).toMatchObject({ path: 'shadow-copy', state: 'failed' });
    expect((await fleet.run(['migrate'])).code).toBe(0);
    for (const shard of SHARDS) expect(await typeOfV(shard)).toBe('bigint');
  });

  it('is killed, and an abort removes the copy that it has left', async () => {
    const name = await migration('Left', WIDEN);
    const killed = await fleet.json(['migrate'], { CRASH_AT: 'copy-chunk-committed@us2' });
    expect(killed.signal).toBe('SIGKILL');
    expect(await tablesOf('us2')).toContain('item~state');
    const { code, events } = await fleet.json(['abort']);
    expect(code).toBe(0);
    expect(events.filter(({ event }) => event === 'copy-removed')).toMatchObject([
      { shard: 'us2', table: 'item' },
    ]);
    expect(await tablesOf('us2')).toEqual(['item']);
    expect(await fleet.rows('us2', 'SHOW TRIGGERS')).toEqual([]);
    expect(await typeOfV('us2')).toBe('int');
    const left = (await fleet.ledger('us2')).filter(({ migration }) => migration === name);
    expect(left.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    for (const shard of SHARDS) expect(await typeOfV(shard)).toBe('bigint');
  });

  it('carries a renamed column, a CHECK and another character set', async () => {
    fleet.plan = { native: false };
    await fleet.everywhere("UPDATE item SET pad = CONCAT('ß', id)");
    await migration(
      'Several',
      'ALTER TABLE item MODIFY pad VARCHAR(100) CHARACTER SET latin1 NOT NULL',
      'ALTER TABLE item CHANGE V w BIGINT NOT NULL, ADD CONSTRAINT w_small CHECK (w < 100)',
    );
    const { code, out } = await fleet.run(['migrate', '--allow', 'rename-column:item.V']);
    expect(out).not.toContain('refused');
    expect(code).toBe(0);
    for (const shard of SHARDS) {
      expect(await tablesOf(shard)).toEqual(['item']);
      const [row] = await fleet.rows(
        shard,
        `SELECT COUNT(*) AS n, SUM(w) AS w, SUM(HEX(CONVERT(pad USING utf8mb4)) =
           HEX(CONVERT(CONCAT('ß', id) USING utf8mb4))) AS pads FROM item`,
      );
      expect([row!['n'], row!['w'], row!['pads']].map(Number)).toEqual([ROWS, 0, ROWS]);
      const tooLarge = fleet.rows(shard, 'UPDATE item SET w = 100 WHERE id = 1');
      await expect(tooLarge).rejects.toThrow(/w_small/);
    }
  });

  it('is refused by name where the table has a foreign key, and nothing is touched', async () => {
    await fleet.everywhere(
      'CREATE TABLE part (id INT PRIMARY KEY, item_id INT NOT NULL, FOREIGN KEY (item_id) REFERENCES item (id))',
    );
    const before = await fleet.rows('us1', 'SHOW CREATE TABLE item');
    const name = await migration('Refused', WIDEN);
    const { out } = await fleet.run(['migrate']);
    expect(out).toMatch(/no shadow copy:\s+a foreign key of table part points at it.*NEEDS_COPY/s);
    for (const shard of SHARDS) {
      expect(await tablesOf(shard)).toEqual(['item', 'part']);
      expect(await fleet.rows(shard, 'SHOW TRIGGERS')).toEqual([]);
      const rows = (await fleet.ledger(shard)).filter(({ migration }) => migration === name);
      expect(rows).toEqual([]);
    }
    expect(await fleet.rows('us1', 'SHOW CREATE TABLE item')).toEqual(before);
    await fleet.everywhere('DROP TABLE part');
    expect((await fleet.run(['migrate'])).code).toBe(0);
  });

  function migration(name: string, ...up: string[]): Promise<string> {
    return fleet.migration(name, ++at, up);
  }

  function writersOf(shard: string): Writers {
    const { server, name } = fleet.databaseOf(shard);
    const options = { table: 'item', rows: ROWS, writers: 2 };
    return Writers.start(() => connectTo(server, name), options);
  }

  async function expectCarried(shard: string, written: Acknowledged): Promise<void> {
    expect(written.errors).toEqual([]);
    expect(written.writes).toBeGreaterThan(100);
    const rows = await fleet.rows(shard, 'SELECT id, v FROM item');
    const actual = new Map(rows.map(({ id, v }) => [Number(id), Number(v)]));
    const untouched = Array.from({ length: ROWS }, (_, i) => [i + 1, 0] as const);
    const wanted = new Map([...untouched, ...written.values]);
    for (const id of written.deleted) wanted.delete(id);
    expect([...actual].sort(byId)).toEqual([...wanted].sort(byId));
    expect(await typeOfV(shard)).toBe('bigint');
    expect(await tablesOf(shard)).toEqual(['item']);
    expect(await fleet.rows(shard, 'SHOW TRIGGERS')).toEqual([]);
  }

  async function typeOfV(shard: string): Promise<string> {
    const [row] = await fleet.rows(shard, "SHOW COLUMNS FROM item LIKE 'v'");
    return String(row!['Type']).replace(/\(\d+\)/, '');
  }

  /** Tables that are not Switchyard's own. */
  async function tablesOf(shard: string): Promise<string[]> {
    const rows = await fleet.rows(shard, 'SHOW TABLES');
    const names = rows.map((row) => String(Object.values(row)[0]));
    return names.filter((name) => /^(item|part)/.test(name)).sort();
  }
});

/** One letter; `T`: it has stopped itself. */
async function stateOf(pid: number | undefined): Promise<string | undefined> {
  return /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

function byId(one: readonly [number, number], other: readonly [number, number]): number {
  return one[0] - other[0];
}
