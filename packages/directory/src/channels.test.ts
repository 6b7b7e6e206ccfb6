import { defineTopology } from '@switchyard/shard-context';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheOptions } from './cache/cache-options.ts';
import { directoryChannels } from './contract/channels.ts';
import { Directory } from './directory.ts';
import { MemoryStore } from './stores/memory.ts';

const KEY = { kind: 'api-key', value: 'ak_a_secret' };
const topology = defineTopology({
  fleet: 'test',
  regions: ['us'],
  servers: [
    {
      name: 'a',
      region: 'us',
      engine: 'mysql',
      writer: { host: 'db.invalid' },
      credentials: () => ({ user: 'u', password: 'p' }),
    },
  ],
  shards: [{ name: 'us1', ordinal: 1, server: 'a', database: 'one' }],
});

let now: number;
let store: MemoryStore;
let directory: Directory;
/** A published message, with the name of its channel. */
let published: [string, object][];
const stops: (() => void)[] = [];

const open = (cache: CacheOptions = {}) =>
  new Directory({
    store,
    topology,
    keyHash: { current: { id: 'h1', secret: 'a secret of the unit tests' } },
    cache: {
      pollMs: 0,
      softAgeMs: 1_000,
      hardAgeMs: 10_000,
      clock: { now: () => now },
      ...cache,
    },
  });

beforeEach(async () => {
  now = 1_000;
  store = new MemoryStore();
  await open().assign('t');
  await open().addKey(KEY, 't');
  directory = open();
  published = [];
  for (const name of ['hit', 'miss', 'stale', 'negative', 'read'] as const) {
    const note = (message: unknown) => void published.push([name, message as object]);
    directoryChannels[name].subscribe(note);
    stops.push(() => void directoryChannels[name].unsubscribe(note));
  }
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const names = () => published.map(([name]) => name);

describe('the channels of the directory', () => {
  it('tell a miss with the batch and latency of its read, and then a hit', async () => {
    await directory.locateKey(KEY);
    await directory.locateKey(KEY);
    expect(names()).toEqual(['miss', 'read', 'hit']);
    expect(published[1]![1]).toMatchObject({
      store: 'memory',
      of: 'keys',
      batch: 1,
      ms: expect.any(Number) as number,
      failed: false,
    });
  });

  it('tell an answer that was stale, and why', async () => {
    await directory.locateKey(KEY);
    now += 1_200;
    published.length = 0;
    await directory.locateKey(KEY);
    expect(published[0]).toEqual(['stale', { kind: 'api-key', why: 'refreshing' }]);
    await vi.waitFor(() => expect(names()).toContain('read'));
    now += 20_000;
    vi.spyOn(store, 'findKeys').mockRejectedValue(new TypeError('down'));
    published.length = 0;
    await directory.locateKey(KEY);
    expect(published.at(-1)).toEqual(['stale', { kind: 'api-key', why: 'unavailable' }]);
  });

  it('tell what is remembered as unknown', async () => {
    const unknown = { kind: 'api-key', value: 'nobody' };
    await expect(directory.locateKey(unknown)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    published.length = 0;
    await expect(directory.locateKey(unknown)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    expect(published).toEqual([['negative', { kind: 'api-key' }]]);
  });

  it('never carry a key', async () => {
    await directory.locateKey(KEY);
    await directory.locateKey(KEY);
    now += 1_200;
    await directory.locateKey(KEY);
    expect(JSON.stringify(published)).not.toContain(KEY.value);
  });
});

describe('the ages of entries', () => {
  it('are jittered, so that what was read together is not refreshed together', async () => {
    for (let i = 0; i < 100; i++) await directory.assign(`j-${i}`);
    const fresh = open();
    for (let i = 0; i < 100; i++) await fresh.locateTenant(`j-${i}`);
    now += 1_000;
    published.length = 0;
    for (let i = 0; i < 100; i++) await fresh.locateTenant(`j-${i}`);
    const hits = names().filter((name) => name === 'hit').length;
    expect(hits).toBeGreaterThan(10);
    expect(hits).toBeLessThan(90);
  });
});
