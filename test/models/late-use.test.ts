import { setTimeout as after } from 'node:timers/promises';
import { channels, type LateUse } from '@switchyard/shard-context';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ shards: ['us1', 'us2'], entities: [Currency] });
});
beforeEach(async () => {
  for (const shard of ['us1', 'us2']) {
    await fleet.rows(shard, 'DELETE FROM currency');
    await fleet.rows(shard, "INSERT INTO currency (code, name) VALUES ('EUR', ?)", [shard]);
  }
});
afterAll(() => fleet?.stop());

const euro = () => fleet.dataSource.getRepository(Currency).findOneByOrFail({ code: 'EUR' });

describe('work that outlives its scope', () => {
  it('keeps its own shard, inside another’s scope too, and is reported with where it was opened', async () => {
    const heard: LateUse[] = [];
    const listen = (message: unknown) => void heard.push(message as LateUse);
    channels.lateUse.subscribe(listen);
    let forgotten: Promise<Currency> | undefined;
    let proceed = (): void => undefined;
    const gate = new Promise<void>((resolve) => (proceed = resolve));
    try {
      await fleet.onShard('us1', async function openedHere() {
        forgotten = gate.then(euro); // no one awaits it
        await after(0);
      });
      expect(heard).toEqual([]);
      await fleet.onShard('us2', async () => {
        proceed();
        expect((await euro()).name).toBe('us2');
        expect((await forgotten)?.name).toBe('us1');
      });
    } finally {
      channels.lateUse.unsubscribe(listen);
    }
    expect(heard.length).toBeGreaterThan(0);
    for (const { place, openedAt } of heard) {
      expect(place?.shard).toBe('us1');
      expect(openedAt).toContain('late-use.test.ts');
    }
  });
});

describe('a query runner made on one shard', () => {
  it('is refused on another with RUNNER_MISPLACED, and runs at home from outside', async () => {
    const runner = fleet.onShard('us1', () => fleet.dataSource.createQueryRunner());
    try {
      const read = () => runner.query('SELECT name FROM currency');
      const write = () => runner.query("UPDATE currency SET name = 'astray'");
      for (const use of [read, write, () => runner.startTransaction()]) {
        await expect(fleet.onShard('us2', async () => use())).rejects.toMatchObject({
          code: 'RUNNER_MISPLACED',
        });
      }
      expect(await read()).toEqual([{ name: 'us1' }]);
      expect(await fleet.rows('us2', 'SELECT name FROM currency')).toEqual([{ name: 'us2' }]);
    } finally {
      await runner.release();
    }
  });
});
