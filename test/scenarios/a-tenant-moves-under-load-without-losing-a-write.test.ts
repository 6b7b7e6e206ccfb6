import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MovingFleet } from '../support/moves/moving-fleet.ts';

let moving: MovingFleet;
beforeEach(async () => {
  moving = await MovingFleet.start();
  await moving.startWriters();
  await expect.poll(() => moving.acknowledged(), { timeout: 20_000 }).toBeGreaterThan(50);
});
afterEach(() => moving?.stop());

/** Nothing lost, nothing twice, nothing invented, nothing on the old shard. */
async function expectNothingWrong(leastAcknowledged: number): Promise<void> {
  await moving.stopWriters();
  const audit = await moving.audit();
  console.log(
    `writes acknowledged ${audit.acknowledged}, unknown ${audit.unknown}, lost ${audit.lost.length}, ` +
      `refused ${JSON.stringify(audit.refused)}`,
  );
  expect(audit).toMatchObject({ lost: [], twice: [], invented: [], misplaced: 0 });
  expect(audit.acknowledged).toBeGreaterThan(leastAcknowledged);
}

describe('a tenant that moves while 8 writers in two processes write for it', () => {
  it('changes its placement 50 times, and every acknowledged write is there once', async () => {
    expect(await moving.move('us1', { times: 50 })).toBe(0);
    expect(await moving.shardOfTenant()).toBe('us1');
    await expectNothingWrong(500);
  }, 180_000);

  it('loses nothing when the mover is killed at each of its steps and started again', async () => {
    const steps = [
      ...['freeze:target', 'freeze:source', 'freeze:directory', 'copy', 'commit of the copy'],
      ...['switch:seal', 'switch:directory', 'switch:target', 'switch:source', 'purge'],
    ];
    let here: 'us1' | 'us2' = 'us1';
    for (const [i, dieAt] of [...steps, ''].entries()) {
      // Finishes the move that was killed, then begins the one to be killed in.
      const ended = await moving.move(here, { times: i === 0 ? 1 : 2, dieAt });
      expect(ended, dieAt).toBe(dieAt === '' ? 0 : 'SIGKILL');
      if (i > 0) here = here === 'us1' ? 'us2' : 'us1';
    }
    await expectNothingWrong(200);
  }, 180_000);

  it('loses nothing when a frozen tenant is thawed, and the thaw is killed at each of its steps', async () => {
    const steps = ['freeze:directory', 'thaw:directory', 'thaw:source', 'thaw:target', ''];
    for (const [i, dieAt] of steps.entries()) {
      const ended = await moving.move('us1', { action: 'thaw', times: i === 0 ? 1 : 2, dieAt });
      expect(ended, dieAt).toBe(dieAt === '' ? 0 : 'SIGKILL');
    }
    const before = moving.acknowledged();
    await expect.poll(() => moving.acknowledged(), { timeout: 10_000 }).toBeGreaterThan(before);
    expect(await moving.shardOfTenant()).toBe('us1');
    await expectNothingWrong(100);
  }, 120_000);

  it('is given back without an operator when its mover is stopped past its lease, at each step', async () => {
    const steps = [
      ...['freeze:directory', 'copy', 'switch:seal', 'switch:directory', 'switch:target'],
      'switch:source',
    ];
    for (const stopAt of steps) {
      const from = (await moving.shardOfTenant()) as 'us1' | 'us2';
      const goOn = await moving.moveAndStop(from, { stopAt, holdMs: 1_000 });
      const before = moving.acknowledged();
      await expect
        .poll(() => moving.acknowledged(), { timeout: 15_000, message: `stopped at ${stopAt}` })
        .toBeGreaterThan(before + 5);
      const here = await moving.shardOfTenant();
      expect(await moving.activeShards(), stopAt).toEqual([here]);
      await goOn();
      expect(await moving.shardOfTenant(), stopAt).toBe(here);
      expect(await moving.activeShards(), stopAt).toEqual([here]);
    }
    const from = (await moving.shardOfTenant()) as 'us1' | 'us2';
    expect(await moving.move(from)).toBe(0); // takes away what the stopped ones have copied
    await expectNothingWrong(100);
  }, 180_000);

  it('loses nothing when the network to one shard is cut for a while', async () => {
    let over = false;
    const moves = moving.move('us1', { times: 40 }).finally(() => (over = true));
    for (let i = 0; !over; i++) {
      await pause(150);
      if (i % 3 === 0) moving.proxy.stall();
      else moving.proxy.cut();
      await pause(400);
      moving.proxy.heal();
    }
    expect(await moves).toBe(0);
    const { refused } = await moving.audit();
    expect(refused['SHARD_UNAVAILABLE'], 'the cuts were felt').toBeGreaterThan(0);
    await expectNothingWrong(200);
  }, 180_000);
});
