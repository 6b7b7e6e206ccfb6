import type { DirectoryStore, StoredKey } from '@switchyard/directory';
import type { Placement } from '@switchyard/shard-context';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyStore, reasonToSkip, type StoreName, type StoreUnderTest } from './stores.ts';

const PRIMARY = { from: 'primary' } as const;

/** What the contract of a store means; every store passes it. */
export async function storeConformance(name: StoreName): Promise<void> {
  const reason = await reasonToSkip(name);
  const title = `the ${name} store${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let under: StoreUnderTest;
    let store: DirectoryStore;
    let other: DirectoryStore;

    beforeAll(async () => {
      under = await emptyStore(name);
      store = under.open();
      other = under.open();
    });
    afterAll(() => under.dispose());

    keys(() => ({ store, other }));
    placements(() => ({ store, other }));
    changes(() => ({ store, other }));

    it('can be prepared again without losing a row', async () => {
      await store.insertPlacement(placement('t-prepared'));
      await other.prepare();
      expect(await store.findPlacements(['t-prepared'], PRIMARY)).toEqual([
        placement('t-prepared'),
      ]);
    });
  });
}

type Stores = () => { store: DirectoryStore; other: DirectoryStore };

function keys(stores: Stores): void {
  describe('its keys', () => {
    it('are found with the placement of their tenant, in one call', async () => {
      const { store } = stores();
      await store.insertPlacement(placement('t-found'));
      await store.insertKey(key('k-found', 't-found'));
      await store.insertKey(key('k-homeless', 't-homeless'));
      const digests = [digest('k-found'), digest('k-homeless'), digest('k-none')];
      const found = await store.findKeys(digests, PRIMARY);
      expect(found).toHaveLength(2);
      expect(found).toContainEqual({
        ...key('k-found', 't-found'),
        placement: placement('t-found'),
      });
      expect(found).toContainEqual({ ...key('k-homeless', 't-homeless'), placement: undefined });
    });

    it('are found once where a digest is asked for twice', async () => {
      const { store } = stores();
      await store.insertKey(key('k-twice', 't'));
      const asked = [digest('k-twice'), digest('k-twice'), digest('k-twice')];
      expect(await store.findKeys(asked, { from: 'nearest' })).toHaveLength(1);
    });

    it('belong to the first writer: 50 at once agree', async () => {
      const { store, other } = stores();
      const stored = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? store : other).insertKey(key('k-race', `t-${i}`)),
        ),
      );
      expect(new Set(stored.map(({ tenant }) => tenant)).size).toBe(1);
      const [found] = await store.findKeys([digest('k-race')], PRIMARY);
      expect(found?.tenant).toBe(stored[0]?.tenant);
    });

    it('stay when they are revoked, and their name is not free again', async () => {
      const { store } = stores();
      await store.insertKey(key('k-revoked', 't-1'));
      expect(await store.revokeKey(digest('k-revoked'))).toBe(true);
      expect(await store.revokeKey(digest('k-revoked'))).toBe(true);
      expect(await store.revokeKey(digest('k-never'))).toBe(false);
      const again = await store.insertKey(key('k-revoked', 't-2'));
      expect(again).toEqual({ ...key('k-revoked', 't-1'), revoked: true });
    });

    it('can be taken back', async () => {
      const { store } = stores();
      await store.insertKey(key('k-lost', 't'));
      await store.removeKey(digest('k-lost'));
      expect(await store.findKeys([digest('k-lost')], PRIMARY)).toEqual([]);
    });

    it('are listed in pages, each once, in the order of their digests', async () => {
      const { store } = stores();
      await Promise.all(
        Array.from({ length: 25 }, (_, i) => store.insertKey(key(`k-page-${i}`, 't'))),
      );
      const listed = await pages(
        (after) => store.keyPage(after, 7),
        ({ digest: at }) => at,
      );
      expect(listed).toEqual([...new Set(listed)].sort());
      for (let i = 0; i < 25; i++) expect(listed).toContain(digest(`k-page-${i}`));
    });
  });
}

function placements(stores: Stores): void {
  describe('its placements', () => {
    it('keep every field, and names in any script, with spaces at their ends', async () => {
      const { store } = stores();
      const full: Placement = {
        ...placement('t-full ✓ 株式会社 '),
        state: 'moving',
        epoch: 2 ** 40,
        homeRegion: 'eu',
        allowedRegions: ['eu', 'us'],
      };
      expect(await store.insertPlacement(full)).toEqual(full);
      const bare = placement('t-full ✓ 株式会社');
      expect(await store.insertPlacement(bare)).toEqual(bare);
      const found = await store.findPlacements([full.tenant, bare.tenant, 'T-FULL'], PRIMARY);
      expect(found).toHaveLength(2);
      expect(found).toContainEqual(full);
      expect(found).toContainEqual(bare);
    });

    it('belong to the first writer: 50 at once agree', async () => {
      const { store, other } = stores();
      const stored = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          (i % 2 ? store : other).insertPlacement(placement('t-race', `s${i}`)),
        ),
      );
      expect(new Set(stored.map(({ shard }) => shard)).size).toBe(1);
      expect(await store.findPlacements(['t-race'], PRIMARY)).toEqual([stored[0]]);
    });

    it('are the same to both of two who store one at the same moment, 200 times', async () => {
      const { store, other } = stores();
      const races = Array.from({ length: 200 }, async (_, i) => {
        const [first, second] = await Promise.all([
          store.insertPlacement(placement(`t-pair-${i}`, 'us1')),
          other.insertPlacement(placement(`t-pair-${i}`, 'us2')),
        ]);
        expect(first).toEqual(second);
        const to = (shard: string) => ({ ...placement(`t-pair-${i}`, shard), epoch: 2 });
        const [third, fourth] = await Promise.all([
          store.replacePlacement(1, to('us3')),
          other.replacePlacement(1, to('us4')),
        ]);
        expect(third).toEqual(fourth);
      });
      await Promise.all(races);
    });

    it('are replaced only from the epoch that is stored', async () => {
      const { store, other } = stores();
      await store.insertPlacement(placement('t-cas'));
      const to = { ...placement('t-cas', 'us2'), epoch: 3 };
      expect(await other.replacePlacement(1, to)).toEqual(to);
      expect(await store.replacePlacement(1, { ...to, shard: 'us9', epoch: 4 })).toEqual(to);
      expect(await store.findPlacements(['t-cas'], PRIMARY)).toEqual([to]);
      const unknown = placement('t-cas-none');
      expect(await store.replacePlacement(1, { ...unknown, epoch: 2 })).toBeUndefined();
    });

    it('are replaced by one of many who try at once', async () => {
      const { store, other } = stores();
      await store.insertPlacement(placement('t-cas-race'));
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, i) =>
          (i % 2 ? store : other).replacePlacement(1, {
            ...placement('t-cas-race', `s${i}`),
            epoch: 2,
          }),
        ),
      );
      expect(new Set(results.map((result) => result?.shard)).size).toBe(1);
    });

    it('are listed in pages, each once, in the order of their bytes', async () => {
      const { store } = stores();
      const tenants = Array.from({ length: 25 }, (_, i) => `t-page-${i}`);
      await Promise.all(tenants.map((tenant) => store.insertPlacement(placement(tenant))));
      const listed = await pages(
        (after) => store.placementPage(after, 7),
        ({ tenant }) => tenant,
      );
      const sorted = [...new Set(listed)].sort((a, b) =>
        Buffer.compare(Buffer.from(a), Buffer.from(b)),
      );
      expect(listed).toEqual(sorted);
      expect(listed).toEqual(expect.arrayContaining(tenants));
    });
  });
}

function changes(stores: Stores): void {
  describe('its changes', () => {
    it('are heard of by whoever asks from an earlier mark', async () => {
      const { store, other } = stores();
      const { until, placements: none } = await store.changedPlacements(undefined);
      expect(none).toEqual([]);
      await other.insertPlacement(placement('t-changed'));
      const to = { ...placement('t-changed', 'us2'), epoch: 2 };
      await other.replacePlacement(1, to);
      const changed = await store.changedPlacements(until);
      expect(changed.placements).toContainEqual(to);
      expect(changed.until).toBeGreaterThanOrEqual(until);
    });
  });
}

/** A placement of a tenant, for tests. */
export function placement(tenant: string, shard = 'us1'): Placement {
  return {
    tenant,
    shard,
    epoch: 1,
    state: 'active',
    homeRegion: undefined,
    allowedRegions: undefined,
  };
}

function key(name: string, tenant: string): StoredKey {
  return { digest: digest(name), hashId: 'h1', kind: 'api-key', tenant, revoked: false };
}

function digest(name: string): string {
  return createHash('md5').update(name).digest('hex');
}

async function pages<T>(
  read: (after: string | undefined) => Promise<T[]>,
  nameOf: (item: T) => string,
): Promise<string[]> {
  const names: string[] = [];
  for (let page = await read(undefined); page.length > 0; page = await read(names.at(-1))) {
    names.push(...page.map(nameOf));
  }
  return names;
}
