import { EventEmitter } from 'node:events';
import { connect, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  bindShard,
  currentFrame,
  isSwitchyardError,
  outsideContext,
  ShardContext,
  Topology,
} from './index.ts';
import { KeyUnknownError } from './internal.ts';
import type * as ours from './index.ts';
import type * as ourInside from './internal.ts';

const context = new ShardContext(topology());
const shard = () => currentFrame()?.place?.shard;

describe('the storage', () => {
  it('is shared by two installed copies of the package', async () => {
    const copy = await secondCopy();
    expect(copy.ShardContext).not.toBe(ShardContext);
    context.onShard('us1', () => {
      expect(copy.currentFrame()).toBe(currentFrame());
      new copy.ShardContext(new copy.Topology(definition())).onShard('us2', () =>
        expect(shard()).toBe('us2'),
      );
    });
  });

  it('recognises the errors of the other copy', async () => {
    const copy = await secondCopy();
    const error = new copy.KeyUnknownError('api-key');
    expect(error).not.toBeInstanceOf(KeyUnknownError);
    expect(isSwitchyardError(error, 'KEY_UNKNOWN')).toBe(true);
  });

  it('has nothing outside every scope, and outsideContext gives that back inside one', () => {
    expect(currentFrame()).toBeUndefined();
    context.onShard('us1', () => {
      expect(outsideContext(() => currentFrame())).toBeUndefined();
      expect(shard()).toBe('us1');
    });
  });
});

// The behaviour of Node itself, the reason for our rules. If it changes, the docs must change too.
describe('the context in Node', () => {
  it('follows promises, timers, immediates, ticks and microtasks of the code that made them', async () => {
    const makers = [
      (done: () => void) => setTimeout(done, 0),
      (done: () => void) => setImmediate(done),
      (done: () => void) => process.nextTick(done),
      (done: () => void) => queueMicrotask(done),
      (done: () => void) => void turn().then(done),
    ];
    for (const make of makers) {
      const seen = context.onShard(
        'us1',
        () => new Promise((resolve) => void make(() => resolve(shard()))),
      );
      const other = context.onShard('us2', () => turn());
      expect(await seen).toBe('us1');
      await other;
    }
  });

  it('of an event listener is the emitter’s, not the subscriber’s; bindShard gives it its own', () => {
    const emitter = new EventEmitter();
    const seen: unknown[] = [];
    context.onShard('us1', () => {
      emitter.on('event', () => seen.push(shard()));
      emitter.on(
        'event',
        bindShard(() => seen.push(shard())),
      );
    });
    context.onShard('us2', () => emitter.emit('event'));
    emitter.emit('event');
    expect(seen).toEqual(['us2', 'us1', undefined, 'us1']);
  });

  it('of a generator is that of each next(), not of the maker', async () => {
    function* sync() {
      while (true) yield shard();
    }
    async function* asynchronous() {
      while (true) yield shard();
    }
    // Behind a function, where the scope that answers them does not see them.
    const made = context.onShard('us1', () => {
      const both = [sync(), asynchronous()] as const;
      return () => both;
    });
    const [a, b] = made();
    expect(context.onShard('us2', () => a.next().value)).toBe('us2');
    expect((await context.onShard('us2', () => b.next())).value).toBe('us2');
    expect((await b.next()).value).toBeUndefined();
  });

  it('of a socket’s events is that of the code that opened it, for as long as it lives', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const socket = context.onShard('us1', () => connect(port, '127.0.0.1'));
    const seen = context.onShard('us2', () => {
      const answer = new Promise((resolve) => socket.once('data', () => resolve(shard())));
      socket.write('x');
      return answer;
    });
    expect(await seen).toBe('us1');
    socket.destroy();
    server.close();
  });

  it('of a socket opened under an empty context is empty: a stray callback fails closed', async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const socket = context.onShard('us1', () => outsideContext(() => connect(port, '127.0.0.1')));
    const seen = context.onShard('us2', () => {
      const answer = new Promise((resolve) => socket.once('data', () => resolve(shard())));
      socket.write('x');
      return answer;
    });
    expect(await seen).toBeUndefined();
    socket.destroy();
    server.close();
  });
});

/** All modules of the package once more, as a second installed copy has them. */
async function secondCopy(): Promise<typeof ours & typeof ourInside> {
  vi.resetModules();
  return { ...(await import('./index.ts')), ...(await import('./internal.ts')) };
}

function topology(): Topology {
  return new Topology(definition());
}

function definition() {
  const credentials = () => ({ user: 'u', password: 'p' });
  const server = { name: 's', region: 'us', engine: 'mysql', writer: { host: 'h' } } as const;
  return {
    fleet: 'f',
    regions: ['us'],
    servers: [{ ...server, credentials }],
    shards: ['us1', 'us2'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  };
}
