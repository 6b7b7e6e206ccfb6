import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

describe('a command line that is stopped (SIGSTOP) past its lease', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({
      shards: ['us1', 'us2'],
      rollout: { leaseMs: 1000, reconnectMs: 5000 },
    });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, touched INT NOT NULL DEFAULT 0)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere('INSERT INTO account (id) VALUES (1)');
  });
  afterAll(() => fleet.stop());

  it('is replaced by a second one, and runs no statement again when it is continued', async () => {
    const name = await fleet.migration('Touch', 1790000000001, [
      'ALTER TABLE account ADD COLUMN a INT NULL',
      'UPDATE account SET touched = touched + 1',
      'ALTER TABLE account ADD COLUMN b INT NULL',
    ]);
    const first = fleet.spawn(['migrate', '--json'], { STOP_AT: 'step-ended@us2' });
    await first.saw('step-started', 'us2');
    await stopped(first.child.pid!);
    await leaseExpired();
    const second = await fleet.json(['migrate']);
    expect(second.code).toBe(0);
    first.child.kill('SIGCONT');
    const { code, events } = await first.ended;
    expect(code).toBe(1);
    const ended = events.find(({ event, shard }) => event === 'shard-ended' && shard === 'us2');
    expect(ended).toMatchObject({ result: 'failed', failure: { code: 'LEASE_LOST' } });
    for (const shard of fleet.shards) {
      expect(await fleet.rows(shard, 'SELECT touched FROM account')).toEqual([{ touched: 1 }]);
      const done = (await fleet.ledger(shard)).filter(
        ({ migration, state }) => migration === name && state === 'done',
      );
      expect(done.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    }
  });

  it('is not replaced while its lease lasts', async () => {
    fleet.rollout = { leaseMs: 60_000 };
    await fleet.migration('Later', 1790000000002, ['ALTER TABLE account ADD COLUMN c INT NULL']);
    const first = fleet.spawn(['migrate', '--json'], { STOP_AT: 'step-noted@us1' });
    await first.saw('migration-started', 'us1');
    await stopped(first.child.pid!);
    const second = await fleet.json(['migrate', '--only', 'us1']);
    expect(second.code).toBe(1);
    const ended = second.events.find(({ event }) => event === 'shard-ended');
    expect(ended).toMatchObject({ result: 'failed', failure: { code: 'LEASE_HELD' } });
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
  });

  async function leaseExpired(): Promise<void> {
    for (;;) {
      const [row] = await fleet.rows(
        'us2',
        'SELECT expires_at <= NOW(3) AS expired FROM shard_lease',
      );
      if (Number(row?.['expired']) === 1) return;
    }
  }
});

/** Waits until the process is stopped, as the kernel says it. */
async function stopped(pid: number): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    if (/\) T /.test(stat)) return;
  }
}
