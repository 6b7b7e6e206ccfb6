import { describe, expect, it } from 'vitest';
import { bindShard, currentFrame, defineTopology, ShardContext, type Frame } from './index.ts';

const context = new ShardContext(
  defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers: [
      {
        name: 's',
        region: 'us',
        engine: 'mysql',
        writer: { host: 'h' },
        credentials: () => ({ user: 'u', password: 'p' }),
      },
    ],
    shards: ['us1', 'us2'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  }),
);
const here = () => currentFrame()?.place?.shard;

describe('a generator that a scope answers', () => {
  it('runs in the scope, also when it is read outside', async () => {
    const made = context.onShard('us1', async function* () {
      yield here();
      await Promise.resolve();
      yield here();
    });
    const seen: unknown[] = [];
    await context.onShard('us2', async () => {
      for await (const place of made) seen.push(place, here());
    });
    expect(seen).toEqual(['us1', 'us2', 'us1', 'us2']);
    const plain = context.onShard('us1', function* () {
      yield here();
    });
    expect(context.onShard('us2', () => [...plain])).toEqual(['us1']);
  });

  it('keeps its scope open until it has ended, failed or was left', async () => {
    const frames: (Frame | undefined)[] = [];
    const make = (fails: boolean) =>
      context.onShard('us1', async function* () {
        frames.push(currentFrame());
        await Promise.resolve();
        yield 1;
        if (fails) throw new TypeError('no more');
        yield 2;
      });
    for await (const _ of make(false)) expect(frames[0]?.activity.closed).toBe(false);
    const failing = make(true);
    await failing.next();
    await expect(failing.next()).rejects.toThrow('no more');
    for await (const _ of make(false)) break;
    expect(frames.map((frame) => frame?.activity.closed)).toEqual([true, true, true]);
  });

  it('cleans up in its scope when it is left', async () => {
    const ends: unknown[] = [];
    const made = context.onShard('us1', async function* () {
      try {
        yield await Promise.resolve(1);
        yield 2;
      } finally {
        ends.push(here());
      }
    });
    await context.onShard('us2', async () => {
      for await (const _ of made) break;
    });
    expect(ends).toEqual(['us1']);
  });

  it('belongs to the innermost of the scopes that it passes', async () => {
    const made = context.onShard('us2', () =>
      context.onShard('us1', async function* () {
        yield await Promise.resolve(here());
      }),
    );
    expect(await made.next()).toEqual({ done: false, value: 'us1' });
  });
});

it('a bound generator function runs where it was bound', async () => {
  const bound = context.onShard('us1', () =>
    bindShard(async function* () {
      yield await Promise.resolve(here());
    }),
  );
  const seen: unknown[] = [];
  await context.onShard('us2', async () => {
    for await (const place of bound()) seen.push(place);
  });
  expect(seen).toEqual(['us1']);
});

it('a function that can be awaited is resolved in the scope', async () => {
  const lazy = () =>
    Object.assign(() => undefined, { then: (done: (place: unknown) => void) => done(here()) });
  const made = context.onShard('us1', lazy) as unknown as PromiseLike<unknown>;
  expect(await context.onShard('us2', async () => await made)).toBe('us1');
});
