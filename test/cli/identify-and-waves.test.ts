import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

describe('the command line over a prepared fleet', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'us3'] });
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  afterAll(() => fleet.stop());

  it('says what identify means, and does it only with --yes', async () => {
    const asked = await fleet.json(['identify', 'us2']);
    expect(asked.code).toBe(2);
    expect(asked.events.at(-1)).toMatchObject({ code: 'USAGE' });
    const { code, events } = await fleet.json(['identify', 'us2', '--yes']);
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ identity: { incarnation: 2 } });
    const lock = await readFile(join(fleet.folder, 'switchyard.lock.json'), 'utf8');
    expect(JSON.parse(lock)).toMatchObject({ shards: { us2: { incarnation: 2 } } });
    expect((await fleet.json(['status'])).code).toBe(0);
  });

  it('refuses an unknown shard, an unknown migration, and jobs check without queues', async () => {
    for (const args of [
      ['identify', 'us9', '--yes'],
      ['migrate', '--only', 'us9'],
      ['migrate', '--to', 'Nothing1790000000000'],
      ['status', '--require', 'Nothing1790000000000'],
      ['jobs', 'check'],
    ]) {
      const { code, events } = await fleet.json(args);
      expect({ args, code, error: events.at(-1)?.['event'] }).toEqual({
        args,
        code: 2,
        error: 'error',
      });
    }
  });

  it('holds after each wave and stops when the health command says no', async () => {
    const seen = join(fleet.folder, 'seen');
    fleet.rollout = {
      waves: [{ shards: ['us2'] }],
      holdMs: 10,
      healthCommand: `echo "$SWITCHYARD_WAVE $SWITCHYARD_SHARDS" >> ${seen}; [ "$SWITCHYARD_WAVE" = canary ]`,
    };
    await writeFile(seen, '');
    await fleet.migration('FirstSchema', 1790000000000, ['CREATE TABLE a (id BIGINT PRIMARY KEY)']);
    const { code, events } = await fleet.json(['migrate']);
    expect(code).toBe(1);
    expect(await readFile(seen, 'utf8')).toBe('canary us1\nwave 1 us2\n');
    const ended = events.find(({ event }) => event === 'rollout-ended');
    expect(ended).toMatchObject({
      stopped: expect.stringContaining('health command') as string,
      outcomes: [{ result: 'done' }, { result: 'done' }, { shard: 'us3', result: 'untouched' }],
    });
    fleet.rollout = {};
    expect((await fleet.json(['migrate'])).code).toBe(0);
  });

  it('stops at a canary that fails, whatever the stop policy allows', async () => {
    fleet.rollout = { stop: { failures: 10 }, lockDeadlineMs: 200, lockWaitSeconds: 1 };
    const holder = await fleet.plain('us1');
    await holder.query('START TRANSACTION');
    await holder.query('SELECT * FROM a');
    await fleet.migration('Held', 1790000000001, ['ALTER TABLE a ADD COLUMN held INT NULL']);
    const { code, events } = await fleet.json(['migrate']);
    await holder.query('COMMIT');
    expect(code).toBe(1);
    expect(events.find(({ event }) => event === 'rollout-ended')).toMatchObject({
      stopped: 'the canary failed',
      outcomes: [
        { shard: 'us1', result: 'failed', failure: { code: 'TABLE_LOCKED' } },
        { shard: 'us2', result: 'untouched' },
        { shard: 'us3', result: 'untouched' },
      ],
    });
    expect((await fleet.json(['resume'])).code).toBe(0);
  });

  it('begins nothing while it is paused, and abort takes back a pause under which no one works', async () => {
    await fleet.migration('Later', 1790000000002, ['ALTER TABLE a ADD COLUMN later INT NULL']);
    expect((await fleet.json(['pause'])).code).toBe(0);
    expect((await fleet.json(['migrate'])).code).toBe(4);
    expect(await fleet.columns('us1', 'a')).not.toContain('later');
    expect((await fleet.json(['abort'])).code).toBe(0);
    expect((await fleet.json(['migrate'])).code).toBe(0);
    for (const shard of fleet.shards) expect(await fleet.columns(shard, 'a')).toContain('later');
  });
});
