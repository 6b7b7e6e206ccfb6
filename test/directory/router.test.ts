import { Directory, directoryChannels, Router } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { currentFrame, ShardContext, type Locator } from '@switchyard/shard-context';
import { StaleRouteError, TenantFrozenError } from '@switchyard/shard-context/internal';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { KEY_HASH, smallFleet } from './fleet.ts';

const KEY = { kind: 'api-key', value: 'ak_1' };

describe('a unit of work that is routed', () => {
  let directory: Directory;
  let elsewhere: Directory;
  let router: Router;
  let context: ShardContext;
  const place = () => currentFrame()?.place;
  const stale = () =>
    new StaleRouteError({
      attempted: 'insert into Inquiry',
      shard: place()!.shard,
      tenant: 't',
      seenEpoch: place()!.epoch!,
    });
  const frozen = () =>
    new TenantFrozenError({ attempted: 'insert into Inquiry', shard: place()!.shard, tenant: 't' });
  const change = async (to: { shard?: string; state?: 'active' | 'frozen' }) => {
    const before = (await elsewhere.readPlacement('t'))!;
    const state = to.state ?? 'active';
    await elsewhere.compareAndSet(before.epoch, {
      ...before,
      ...to,
      state,
      epoch: before.epoch + 1,
    });
  };

  beforeEach(async () => {
    const topology = smallFleet();
    const store = new MemoryStore();
    const open = () =>
      new Directory({ store, topology, keyHash: KEY_HASH, cache: { pollMs: 0, maxEntries: 50 } });
    [directory, elsewhere] = [open(), open()];
    context = new ShardContext(topology);
    router = new Router({ directory, context, frozen: { waitMs: 400, maxWaiting: 3 } });
    await directory.assign('t', { shard: 'us1' });
    await directory.addKey(KEY, 't');
  });

  it('runs on the shard of its key, with tenant and epoch', async () => {
    const seen = await router.onKey(KEY, () => place());
    expect(seen).toEqual({ fleet: 'test', shard: 'us1', tenant: 't', epoch: 1 });
    expect(place()).toBeUndefined();
  });

  it('runs on the shard of its tenant, and takes role, lock and read-only along', async () => {
    const frame = await router.onTenant('t', async () => currentFrame(), {
      lock: true,
      readOnly: true,
      role: 'reader',
    });
    expect(frame).toMatchObject({ place: { shard: 'us1' }, locked: true, readOnly: true });
  });

  it('goes on where it is for the same tenant, without a look-up', async () => {
    const locate = vi.spyOn(directory, 'locateTenant');
    await router.onTenant('t', async () => {
      await change({ shard: 'us2' });
      const inner = await router.onTenant('t', () => place(), { lock: true });
      expect(inner).toEqual(place());
    });
    expect(locate).toHaveBeenCalledTimes(1);
  });

  it('is refused another tenant inside a lock, and nothing of it runs', async () => {
    await directory.assign('other', { shard: 'us2' });
    const inner = vi.fn();
    const outer = router.onTenant('t', () => router.onTenant('other', inner), { lock: true });
    await expect(outer).rejects.toMatchObject({ code: 'SHARD_LOCKED' });
    expect(inner).not.toHaveBeenCalled();
  });

  it('runs once more on the new shard where it may be repeated', async () => {
    const shards: string[] = [];
    await change({ shard: 'us2' });
    const result = await router.onTenant(
      't',
      () => {
        shards.push(place()!.shard);
        if (place()!.shard === 'us1') throw stale();
        return 'done';
      },
      { repeatable: true },
    );
    expect(result).toBe('done');
    expect(shards).toEqual(['us1', 'us2']);
  });

  it('also where its host has wrapped the refusal as a cause', async () => {
    await change({ shard: 'us2' });
    const work = () => {
      if (place()!.shard === 'us1') throw new TypeError('wrapped', { cause: stale() });
      return place()!.shard;
    };
    expect(await router.onKey(KEY, work, { repeatable: true })).toBe('us2');
  });

  it('is not repeated unless that was said; the next one goes right', async () => {
    await change({ shard: 'us2' });
    const work = vi.fn(() => {
      if (place()!.shard === 'us1') throw stale();
      return place()!.shard;
    });
    await expect(router.onTenant('t', work)).rejects.toMatchObject({
      code: 'STALE_ROUTE',
      retryable: true,
    });
    expect(work).toHaveBeenCalledTimes(1);
    expect(await router.onTenant('t', work)).toBe('us2');
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('is repeated a bounded number of times', async () => {
    const work = vi.fn(async () => {
      const refusal = stale();
      await change({ shard: place()!.shard === 'us1' ? 'us2' : 'us1' });
      throw refusal;
    });
    const running = router.onTenant('t', work, { repeatable: true });
    await expect(running).rejects.toMatchObject({ code: 'STALE_ROUTE' });
    expect(work).toHaveBeenCalledTimes(4);
  });

  it('waits before it begins while its tenant is frozen, whether it may be repeated or not', async () => {
    await change({ state: 'frozen' });
    await directory.readPlacement('t');
    const work = vi.fn(() => place()!.shard);
    const running = router.onTenant('t', work);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(work).not.toHaveBeenCalled();
    await change({ shard: 'us2' });
    expect(await running).toBe('us2');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('reads while its tenant is frozen', async () => {
    await change({ state: 'frozen' });
    await directory.readPlacement('t');
    expect(await router.onTenant('t', () => place()!.shard, { readOnly: true })).toBe('us1');
  });

  it('waits and runs again when the shard says frozen and it may be repeated', async () => {
    const work = vi.fn(() => {
      if (place()!.epoch === 1) throw frozen();
      return place()!.shard;
    });
    const running = router.onTenant('t', work, { repeatable: true });
    await vi.waitFor(() => expect(work).toHaveBeenCalled());
    await change({ state: 'frozen' });
    await change({ shard: 'us2' });
    expect(await running).toBe('us2');
    await expect(router.onTenant('t', () => Promise.reject(frozen()))).rejects.toMatchObject({
      code: 'TENANT_FROZEN',
      retryable: true,
    });
  });

  it('waits for a shard that is late: the directory has switched, the shard is not active yet', async () => {
    let refusals = 0;
    const work = () => {
      if (refusals++ < 3) throw frozen();
      return place()!.epoch;
    };
    expect(await router.onTenant('t', work, { repeatable: true })).toBe(1);
  });

  it('asks the store no more than before once it has said that it knows nothing newer', async () => {
    await expect(router.onTenant('t', () => Promise.reject(stale()))).rejects.toThrow();
    await vi.waitFor(async () => {
      const reads = vi.fn();
      directoryChannels.read.subscribe(reads);
      for (let i = 0; i < 5; i++) await directory.locateTenant('t');
      directoryChannels.read.unsubscribe(reads);
      expect(reads).not.toHaveBeenCalled();
    });
  });

  it('does not wait for ever, nor in a crowd', async () => {
    await change({ state: 'frozen' });
    await directory.readPlacement('t');
    const work = vi.fn();
    const all = await Promise.allSettled(
      Array.from({ length: 10 }, () => router.onTenant('t', work)),
    );
    const codes = all.map((one) => (one as PromiseRejectedResult).reason as { code: string });
    expect(codes.map(({ code }) => code)).toEqual(Array(10).fill('TENANT_FROZEN'));
    expect(codes.filter((error) => String(error).includes('too many others'))).toHaveLength(7);
    expect(work).not.toHaveBeenCalled();
  });

  it('ends its wait, and nothing else, with its signal', async () => {
    await change({ state: 'frozen' });
    await directory.readPlacement('t');
    const leaving = new AbortController();
    const running = router.onTenant('t', () => 1, { signal: leaving.signal });
    leaving.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('needs a locator only: an edge process can route without a directory of its own', async () => {
    const fixed: Locator = {
      locateKey: async () => ({ tenant: 't', shard: 'eu1', epoch: 7, state: 'active' }),
      locateTenant: async () => ({ tenant: 't', shard: 'eu1', epoch: 7, state: 'active' }),
    };
    const edge = new Router({ directory: fixed, context });
    expect(await edge.onKey(KEY, () => place()?.shard)).toBe('eu1');
  });
});
