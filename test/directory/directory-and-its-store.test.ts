import {
  Directory,
  directoryChannels,
  type CacheOptions,
  type StoreRead,
} from '@switchyard/directory';
import { isSwitchyardError } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { faultyStore, type FaultyStore } from './faulty-stores.ts';
import { KEY_HASH, smallFleet } from './fleet.ts';
import { reasonToSkip, STORES } from './stores.ts';

const apiKey = (value: string) => ({ kind: 'api-key', value });
const UNAVAILABLE = { code: 'DIRECTORY_UNAVAILABLE', retryable: true } as const;
const UNKNOWN = { code: 'KEY_UNKNOWN', retryable: false };

for (const name of STORES) {
  const reason = await reasonToSkip(name);
  const title = `a directory over the ${name} store${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let under: FaultyStore;
    const open = (cache: CacheOptions = {}) =>
      new Directory({
        store: under.open(),
        topology: smallFleet(),
        keyHash: KEY_HASH,
        cache: { pollMs: 0, ...cache },
      });

    beforeAll(async () => {
      under = await faultyStore(name);
      const directory = open();
      await directory.prepare();
      await Promise.all(
        Array.from({ length: 64 }, async (_, i) => {
          await directory.assign(`t${i}`, { shard: i % 2 ? 'us1' : 'us2' });
          await directory.addKey(apiKey(`ak_${i}`), `t${i}`);
        }),
      );
    });
    afterAll(() => under.dispose());

    it('makes one read of 1,000 concurrent misses of one key', async () => {
      const directory = open();
      await directory.locateKey(apiKey('ak_9')); // connections are open, the server's role is known
      const before = await under.countReads();
      const found = await Promise.all(
        Array.from({ length: 1_000 }, () => directory.locateKey(apiKey('ak_1'))),
      );
      expect((await under.countReads()) - before).toBe(1);
      expect(new Set(found.map(({ tenant }) => tenant))).toEqual(new Set(['t1']));
    });

    it('makes one batch of 64 keys', async () => {
      const directory = open();
      await directory.locateKey(apiKey('ak_9'));
      const fresh = open();
      const before = await under.countReads();
      const keys = Array.from({ length: 64 }, (_, i) => apiKey(`ak_${i}`));
      const outcomes = await fresh.locateMany(keys);
      expect((await under.countReads()) - before).toBe(1);
      outcomes.forEach((outcome, i) =>
        expect(outcome).toMatchObject({ outcome: 'found', placement: { tenant: `t${i}` } }),
      );
    });

    it('gathers misses that come while its reads are under way', async () => {
      const directory = open({ maxReads: 1 });
      const reads: StoreRead[] = [];
      const note = (read: unknown) => void reads.push(read as StoreRead);
      directoryChannels.read.subscribe(note);
      const first = directory.locateKey(apiKey('ak_0'));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      const others = Array.from({ length: 40 }, (_, i) =>
        directory.locateKey(apiKey(`ak_${i + 1}`)),
      );
      await Promise.all([first, ...others]);
      directoryChannels.read.unsubscribe(note);
      expect(reads.map(({ batch }) => batch)).toEqual([1, 40]);
    });

    it('says unknown only when the store has said so, and only for a moment', async () => {
      const directory = open({ negativeAgeMs: 2_000 });
      await expect(directory.locateKey(apiKey('ak_new'))).rejects.toMatchObject(UNKNOWN);
      const before = await under.countReads();
      await expect(directory.locateKey(apiKey('ak_new'))).rejects.toMatchObject(UNKNOWN);
      expect((await under.countReads()) - before).toBe(0);
      await open().addKey(apiKey('ak_new'), 't3'); // by another process
      await vi.waitFor(async () => {
        expect(await directory.locateKey(apiKey('ak_new'))).toMatchObject({ tenant: 't3' });
      }, 10_000);
    });

    it('knows a key at once that it has added itself', async () => {
      const directory = open();
      await expect(directory.locateKey(apiKey('ak_mine'))).rejects.toMatchObject(UNKNOWN);
      const adding = directory.addKey(apiKey('ak_mine'), 't4');
      const during = directory.locateKey(apiKey('ak_mine')).catch(() => undefined);
      await adding;
      expect(await directory.locateKey(apiKey('ak_mine'))).toMatchObject({ tenant: 't4' });
      await during;
      expect(await directory.locateKey(apiKey('ak_mine'))).toMatchObject({ tenant: 't4' });
    });

    it('does not revive a revoked key, nor give it away', async () => {
      const directory = open();
      await directory.addKey(apiKey('ak_gone'), 't5');
      await directory.locateKey(apiKey('ak_gone'));
      expect(await directory.revokeKey(apiKey('ak_gone'))).toBe(true);
      await expect(directory.locateKey(apiKey('ak_gone'))).rejects.toMatchObject(UNKNOWN);
      const taken = { code: 'KEY_TAKEN' };
      await expect(directory.addKey(apiKey('ak_gone'), 't6')).rejects.toMatchObject(taken);
      await expect(directory.addKey(apiKey('ak_1'), 't6')).rejects.toMatchObject(taken);
      await directory.addKey(apiKey('ak_1'), 't1'); // again the same: nothing to refuse
    });

    it('finds keys of the previous secret, and stores them anew when they are added again', async () => {
      const rotated = new Directory({
        store: under.open(),
        topology: smallFleet(),
        keyHash: {
          current: { id: 'h2', secret: 'the next secret of the tests, 32 b' },
          previous: [KEY_HASH.current],
        },
        cache: { pollMs: 0 },
      });
      expect(await rotated.locateKey(apiKey('ak_7'))).toMatchObject({ tenant: 't7' });
      await expect(rotated.addKey(apiKey('ak_7'), 't8')).rejects.toMatchObject({
        code: 'KEY_TAKEN',
      });
      await rotated.addKey(apiKey('ak_7'), 't7');
      const { items } = await rotated.listKeys({ limit: 10_000 });
      const ids = items.filter(({ tenant }) => tenant === 't7').map(({ hashId }) => hashId);
      expect(ids.sort()).toEqual(['h1', 'h2']);
      expect(await rotated.revokeKey(apiKey('ak_7'))).toBe(true);
      await expect(open().locateKey(apiKey('ak_7'))).rejects.toMatchObject(UNKNOWN);
    });

    it('hears of placements that others have changed', async () => {
      const directory = open({ pollMs: 20 });
      const before = await directory.locateTenant('t10');
      await new Promise((resolve) => setTimeout(resolve, 60)); // its first mark is taken
      const to = { ...before, shard: 'eu1', epoch: before.epoch + 1 };
      await open().compareAndSet(before.epoch, to);
      await vi.waitFor(async () => expect(await directory.locateTenant('t10')).toEqual(to), 5_000);
      await expect(
        open().compareAndSet(before.epoch, { ...to, shard: 'us1' }),
      ).rejects.toMatchObject({
        code: 'PLACEMENT_CHANGED',
        current: to,
      });
      expect(await open().compareAndSet(before.epoch, to)).toEqual(to); // repeated: as if just done
      // FerretDB refuses change streams; a MongoDB replica set would offer one.
      expect(directory.health().hears).toMatch(/by asking|by stream and asking/);
      await directory.close();
    });

    it('reads past its cache where a shard has refused the epoch', async () => {
      const directory = open();
      const before = await directory.locateTenant('t11');
      await open().compareAndSet(before.epoch, {
        ...before,
        shard: 'eu1',
        epoch: before.epoch + 1,
      });
      expect(await directory.locateTenant('t11')).toEqual(before);
      const minEpoch = before.epoch + 1;
      expect(await directory.locateTenant('t11', { minEpoch })).toMatchObject({ shard: 'eu1' });
      expect(await directory.locateKey(apiKey('ak_11'))).toMatchObject({ shard: 'eu1' });
      await expect(directory.locateTenant('t11', { minEpoch: 99 })).rejects.toMatchObject(
        UNAVAILABLE,
      );
    });

    it('exports everything it holds, in pages', async () => {
      const rows = [];
      for await (const row of open().export({ limit: 7 })) rows.push(row);
      const tenants = rows.flatMap((row) =>
        row.row === 'placement' ? [row.placement.tenant] : [],
      );
      expect(new Set(tenants).size).toBe(64);
      expect(tenants).toHaveLength(64);
      expect(rows.filter(({ row }) => row === 'key').length).toBeGreaterThanOrEqual(64);
      expect(JSON.stringify(rows)).not.toContain('ak_');
    });

    it('does not pile up look-ups in front of a slow store', async () => {
      const directory = open({ maxWaiting: 200, maxReads: 2, deadlineMs: 300, batchSize: 10 });
      await directory.locateKey(apiKey('ak_0'));
      const before = under.connections();
      under.delay(2_000);
      const many = Array.from({ length: 1_000 }, (_, i) =>
        directory.locateKey(apiKey(`slow_${i}`)),
      );
      const settled = Promise.allSettled(many);
      expect(directory.health().waiting).toBeLessThanOrEqual(200);
      const outcomes = await settled;
      for (const outcome of outcomes) {
        expect(isSwitchyardError((outcome as PromiseRejectedResult).reason, UNAVAILABLE.code)).toBe(
          true,
        );
      }
      expect(await directory.locateKey(apiKey('ak_0'))).toMatchObject({ tenant: 't0' });
      under.delay(0);
      await vi.waitFor(async () => {
        expect(directory.health().waiting).toBe(0);
        expect(await directory.locateKey(apiKey('ak_2'))).toMatchObject({ tenant: 't2' });
      }, 10_000);
      expect(under.connections() - before).toBeLessThan(12);
    });

    it('gives up reads of a store that hangs, and answers at once meanwhile', async () => {
      const directory = open({ readTimeoutMs: 200, deadlineMs: 500 });
      await directory.locateKey(apiKey('ak_0'));
      under.stall();
      await expect(directory.locateKey(apiKey('ak_20'))).rejects.toMatchObject(UNAVAILABLE);
      expect(await directory.locateKey(apiKey('ak_0'))).toMatchObject({ tenant: 't0' });
      under.heal();
      await vi.waitFor(async () => {
        expect(await directory.locateKey(apiKey('ak_20'))).toMatchObject({ tenant: 't20' });
      }, 10_000);
    });

    it('serves what it knows while the store is stopped, and heals when it is back', async () => {
      const directory = open({ softAgeMs: 1, hardAgeMs: 2 });
      const known = await directory.locateKey(apiKey('ak_0'));
      const changes: unknown[] = [];
      const note = (change: unknown) =>
        void changes.push((change as { available: boolean }).available);
      directoryChannels.health.subscribe(note);
      await under.stopServer();
      for (let i = 0; i < 5; i++) {
        expect(await directory.locateKey(apiKey('ak_0'))).toEqual(known);
        await expect(directory.locateKey(apiKey(`never_${i}`))).rejects.toMatchObject(UNAVAILABLE);
        await expect(directory.locateTenant(`never_${i}`)).rejects.toMatchObject(UNAVAILABLE);
      }
      expect(directory.health()).toMatchObject({ available: false, store: name });
      await under.startServer();
      await vi.waitFor(async () => {
        expect(await directory.locateKey(apiKey('ak_21'))).toMatchObject({ tenant: 't21' });
      }, 20_000);
      await expect(directory.locateKey(apiKey('never_0'))).rejects.toMatchObject(UNKNOWN);
      expect(directory.health()).toMatchObject({ available: true, failures: 0 });
      directoryChannels.health.unsubscribe(note);
      expect(changes).toEqual([false, true]);
    });
  });
}
