import {
  currentFrame,
  defineTopology,
  ShardContext,
  type Placement,
} from '@switchyard/shard-context';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Directory } from './directory.ts';
import type { CacheOptions } from './cache/cache-options.ts';
import type { KeyKind } from './keys/key-format.ts';
import { MemoryStore } from './stores/memory.ts';

const KEY = { kind: 'api-key', value: 'ak_1' };
const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: [
    { region: 'us', name: 'a' },
    { region: 'eu', name: 'b' },
  ].map((server) => ({
    ...server,
    engine: 'mysql' as const,
    writer: { host: 'db.invalid' },
    credentials: () => ({ user: 'u', password: 'p' }),
  })),
  shards: [
    { name: 'us1', ordinal: 1, server: 'a', database: 'one', weight: 1 },
    { name: 'us2', ordinal: 2, server: 'a', database: 'two', weight: 3 },
    { name: 'us3', ordinal: 3, server: 'a', database: 'three', draining: true },
    { name: 'eu1', ordinal: 4, server: 'b', database: 'four' },
  ],
});

let now: number;
let store: MemoryStore;

function open(cache: CacheOptions = {}, kinds: Record<string, KeyKind> = {}): Directory {
  return new Directory({
    store,
    topology,
    keyHash: { current: { id: 'h1', secret: 'a secret of the unit tests' } },
    kinds,
    cache: {
      pollMs: 0,
      maxEntries: 100,
      softAgeMs: 1_000,
      hardAgeMs: 10_000,
      clock: { now: () => now },
      ...cache,
    },
  });
}

beforeEach(async () => {
  now = 1_000;
  store = new MemoryStore();
  const directory = open();
  await directory.assign('t', { shard: 'us1' });
  await directory.addKey(KEY, 't');
});

/** Holds the next read until it is let go; what it answers was read before. */
function holdNextRead(of: 'findKeys' | 'findPlacements') {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const read = vi.spyOn(store, of);
  read.mockImplementationOnce(async (names: readonly string[]) => {
    const answer = await (MemoryStore.prototype[of] as typeof store.findKeys).call(store, names);
    await held;
    return answer as never;
  });
  return { release, read };
}

async function moveTo(shard: string): Promise<Placement> {
  const [before] = await store.findPlacements(['t']);
  const to = { ...before!, shard, epoch: before!.epoch + 1 };
  await store.replacePlacement(before!.epoch, to);
  return to;
}

describe('an entry of the cache', () => {
  it('is served without a read while it is young, by key and by tenant', async () => {
    const directory = open();
    await directory.locateKey(KEY);
    const read = [vi.spyOn(store, 'findKeys'), vi.spyOn(store, 'findPlacements')];
    now += 850;
    expect(await directory.locateKey(KEY)).toMatchObject({ shard: 'us1' });
    expect(await directory.locateTenant('t')).toMatchObject({ shard: 'us1' });
    for (const spy of read) expect(spy).not.toHaveBeenCalled();
  });

  it('is served once more past its soft age, and refreshed behind the answer', async () => {
    const directory = open();
    await directory.locateKey(KEY);
    await moveTo('us2');
    now += 1_200;
    expect(await directory.locateKey(KEY)).toMatchObject({ shard: 'us1' });
    await vi.waitFor(async () => {
      expect(await directory.locateKey(KEY)).toMatchObject({ shard: 'us2' });
    });
  });

  it('is read anew past its hard age', async () => {
    const directory = open();
    await directory.locateKey(KEY);
    await moveTo('us2');
    now += 12_000;
    expect(await directory.locateKey(KEY)).toMatchObject({ shard: 'us2' });
  });

  it('is shared by all keys of a tenant: what one refreshes, all see', async () => {
    const directory = open();
    await directory.addKey({ kind: 'session', value: 's1' }, 't');
    await directory.locateKey(KEY);
    await directory.locateKey({ kind: 'session', value: 's1' });
    await moveTo('us2');
    await directory.locateTenant('t', { minEpoch: 2 });
    expect(await directory.locateKey(KEY)).toMatchObject({ shard: 'us2', epoch: 2 });
  });

  it('is not replaced by a lower epoch that a slow read brings late', async () => {
    const directory = open();
    const { release } = holdNextRead('findPlacements');
    const slow = directory.locateTenant('t');
    await vi.waitFor(() => expect(store.findPlacements).toHaveBeenCalled());
    const to = await moveTo('us2');
    expect(await directory.locateTenant('t', { minEpoch: 2 })).toEqual(to);
    release();
    expect(await slow).toEqual(to);
    expect(await directory.locateTenant('t')).toEqual(to);
  });

  it('takes part in a bound of entries and of bytes', async () => {
    const few = open({ maxEntries: 10 });
    const small = open({ maxEntries: 1_000, maxBytes: 40_000 });
    for (let i = 0; i < 300; i++) {
      const placement = { tenant: `many-${i}`, shard: 'us1', epoch: 1, state: 'active' as const };
      await store.insertPlacement(placement);
      await few.locateTenant(`many-${i}`);
      await few.addKey({ kind: 'k', value: `${i}` }, `many-${i}`);
      await few.locateKey({ kind: 'k', value: `${i}` });
      await small.locateTenant(`many-${i}`);
    }
    expect(few.health().entries.keys).toBeLessThanOrEqual(10);
    expect(small.health().entries.tenants).toBeLessThan(20_000 / 320);
    expect(await few.locateKey({ kind: 'k', value: '0' })).toMatchObject({ tenant: 'many-0' });
  });
});

describe('what is unknown', () => {
  it('stays so for a moment only, on the clock of the cache', async () => {
    const directory = open({ negativeAgeMs: 1_500 });
    const unknown = { kind: 'api-key', value: 'later' };
    await expect(directory.locateKey(unknown)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    await open().addKey(unknown, 't'); // by another process
    now += 1_000;
    await expect(directory.locateKey(unknown)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    now += 1_000;
    expect(await directory.locateKey(unknown)).toMatchObject({ tenant: 't' });
  });

  it('is forgotten when it is created here, also while a look-up is under way', async () => {
    const directory = open();
    const mine = { kind: 'api-key', value: 'mine' };
    const { release, read } = holdNextRead('findKeys');
    const denied = directory.locateKey(mine);
    await vi.waitFor(() => expect(read).toHaveBeenCalled());
    await directory.addKey(mine, 't');
    release();
    expect(await denied).toMatchObject({ tenant: 't' });
    await expect(directory.locateTenant('new')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
    await directory.assign('new');
    expect(await directory.locateTenant('new')).toMatchObject({ tenant: 'new' });
  });
});

describe('a look-up', () => {
  it('is not remembered when it failed', async () => {
    const directory = open();
    vi.spyOn(store, 'findKeys').mockRejectedValueOnce(new TypeError('lost'));
    const unavailable = { code: 'DIRECTORY_UNAVAILABLE', cause: expect.any(TypeError) as unknown };
    await expect(directory.locateKey(KEY)).rejects.toMatchObject(unavailable);
    expect(await directory.locateKey(KEY)).toMatchObject({ tenant: 't' });
  });

  it('lets each waiter have its own deadline', async () => {
    const directory = open();
    const { release } = holdNextRead('findKeys');
    const impatient = new AbortController();
    const first = directory.locateKey(KEY, { signal: impatient.signal });
    const second = directory.locateKey(KEY);
    impatient.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    release();
    expect(await second).toMatchObject({ tenant: 't' });
  });

  it('runs outside the shard context of whoever asked first', async () => {
    const directory = open();
    const seen: unknown[] = [];
    vi.spyOn(store, 'findKeys').mockImplementation((digests) => {
      seen.push(currentFrame());
      return MemoryStore.prototype.findKeys.call(store, digests);
    });
    const context = new ShardContext(topology);
    await context.onShard('us2', () => directory.locateKey(KEY));
    expect(seen).toEqual([undefined]);
  });

  it('of an epoch that no one has is refused as retryable, and asked once more at most', async () => {
    const directory = open();
    const read = vi.spyOn(store, 'findPlacements');
    await expect(directory.locateTenant('t', { minEpoch: 7 })).rejects.toMatchObject({
      code: 'DIRECTORY_UNAVAILABLE',
      retryable: true,
    });
    expect(read).toHaveBeenCalledTimes(2);
  });
});

describe('a flood of malformed and unknown keys', () => {
  const kinds = {
    'api-key': {
      pattern: /^ak_[0-9a-z]{8}\d$/g,
      checksum: (value: string) => Number(value.at(-1)) === value.length % 10,
    },
  };

  it('reads nothing for what cannot be a key, keeps its memory, and answers in types', async () => {
    const directory = open({ maxEntries: 50 }, kinds);
    const read = vi.spyOn(store, 'findKeys');
    const anything = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'binary' }),
      fc.anything(),
    );
    await fc.assert(
      fc.asyncProperty(
        anything,
        fc.constantFrom('api-key', '', 'x'.repeat(80)),
        async (value, kind) => {
          fc.pre(!(typeof value === 'string' && /^ak_[0-9a-z]{8}\d$/.test(value)));
          const key = { kind, value } as typeof KEY;
          await expect(directory.locateKey(key)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
        },
      ),
      { numRuns: 200 },
    );
    await expect(
      directory.locateKey({ kind: 'api-key', value: 'a'.repeat(1e6) }),
    ).rejects.toThrow();
    await expect(directory.locateKey(undefined as never)).rejects.toMatchObject({
      code: 'KEY_UNKNOWN',
    });
    expect(read).not.toHaveBeenCalled();
    expect(directory.health().entries).toEqual({ keys: 0, tenants: 0, unknown: 0 });
  });

  it('remembers no more unknown keys than it has room for', async () => {
    const directory = open({ maxEntries: 50 }, kinds);
    const wellFormed = fc.stringMatching(/^ak_[0-9a-z]{8}2$/);
    await fc.assert(
      fc.asyncProperty(wellFormed, async (value) => {
        const unknown = directory.locateKey({ kind: 'api-key', value });
        await expect(unknown).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
      }),
      { numRuns: 300 },
    );
    expect(directory.health().entries.unknown).toBeLessThanOrEqual(50);
  });

  it('adds only keys that have the form of their kind', async () => {
    const directory = open({}, kinds);
    const malformed = { kind: 'api-key', value: 'ak_zzzzzzzz9' };
    const adding = directory.addKey(malformed, 't');
    await expect(adding).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
    await expect(adding).rejects.not.toMatchObject({
      message: expect.stringContaining('ak_zz') as unknown,
    });
  });
});

describe('the shard of a new tenant', () => {
  it('is chosen by weight among those that take tenants, the same in every process', async () => {
    const directory = open();
    const count: Record<string, number> = {};
    for (let i = 0; i < 2_000; i++) {
      const { shard } = await directory.assign(`w-${i}`, { region: 'us' });
      count[shard] = (count[shard] ?? 0) + 1;
    }
    expect(Object.keys(count).sort()).toEqual(['us1', 'us2']);
    expect(count['us2']! / count['us1']!).toBeGreaterThan(2.4);
    expect(count['us2']! / count['us1']!).toBeLessThan(3.7);
  });

  it('lies in the home region and in the allowed ones, which are kept', async () => {
    const directory = open();
    const placement = await directory.assign('eu', { homeRegion: 'eu', allowedRegions: ['eu'] });
    expect(placement).toMatchObject({ shard: 'eu1', homeRegion: 'eu', allowedRegions: ['eu'] });
    const abroad = { ...placement, shard: 'us1', epoch: 2 };
    await expect(directory.compareAndSet(1, abroad)).rejects.toMatchObject({
      code: 'PLACEMENT_INVALID',
    });
  });

  it.each([
    ['draining', { shard: 'us3' }],
    ['in another region', { shard: 'eu1', region: 'us' }],
    ['not allowed', { shard: 'eu1', allowedRegions: ['us'] }],
    ['of a region that is not declared', { region: 'mars' }],
    ['nowhere to be had', { region: 'us', allowedRegions: ['eu'] }],
  ])('is refused when it is %s', async (_, wish) => {
    await expect(open().assign('refused', wish)).rejects.toMatchObject({
      code: 'ASSIGNMENT_IMPOSSIBLE',
    });
    expect(await store.findPlacements(['refused'])).toEqual([]);
  });

  it('is an unknown one only with an error, as is an unknown tenant', async () => {
    await expect(open().assign('x', { shard: 'us9' })).rejects.toMatchObject({
      code: 'SHARD_UNKNOWN',
    });
    await expect(open().addKey(KEY, 'nobody')).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' });
  });
});

describe('the options of a directory', () => {
  it.each([
    ['cache.hardAgeMs', { cache: { hardAgeMs: 1 } }],
    ['cache.negativeAgeMs', { cache: { negativeAgeMs: 60_000 } }],
    ['cache.maxEntries', { cache: { maxEntries: 20_000_001, maxBytes: 2 ** 34 } }],
    ['keyHash.current.secret', { keyHash: { current: { id: 'k', secret: 'short' } } }],
    ['keyHash.current.id', { keyHash: { current: { id: 'not an id', secret: 'x'.repeat(32) } } }],
  ])('are refused by the name of %s', (field, wrong) => {
    const keyHash = { current: { id: 'k', secret: 'x'.repeat(32) } };
    const make = () => new Directory({ store, topology, keyHash, ...wrong });
    expect(make).toThrow(expect.objectContaining({ code: 'DIRECTORY_OPTIONS_INVALID' }) as Error);
    expect(make).toThrow(field);
  });
});
