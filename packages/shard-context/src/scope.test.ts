import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bindShard,
  channels,
  currentFrame,
  onRole,
  readOnly,
  ShardContext,
  Topology,
  unfenced,
  unlocked,
  writable,
  type Escape,
  type Frame,
} from './index.ts';
import { runInFrame } from './internal.ts';

const context = new ShardContext(topology());
const here = () => currentFrame() as Frame;
const anna = { tenant: 't_a', shard: 'us1', epoch: 3 };

it('onRole and the entry of a place refuse an unknown role, and run nothing', () => {
  const nonsense = 'nonsense' as 'reader';
  const refused = expect.objectContaining({ code: 'ROLE_UNKNOWN' });
  let ran = false;
  expect(() => onRole(nonsense, () => (ran = true))).toThrow(refused);
  expect(ran).toBe(false);
});

describe('the frame of a scope', () => {
  it('is frozen, with all axes set', () => {
    context.onPlacement(anna, () => {
      expect(Object.isFrozen(here())).toBe(true);
      expect(Object.isFrozen(here().place)).toBe(true);
      expect(here()).toMatchObject({
        place: { fleet: 'f', ...anna },
        role: 'writer',
        readOnly: false,
        locked: false,
        unfenced: undefined,
      });
    });
  });

  it('inherits what an inner scope does not set', () => {
    context.onPlacement(
      anna,
      () => {
        onRole('reader', () => {
          readOnly(() => {
            expect(here()).toMatchObject({ place: anna, role: 'reader', readOnly: true });
            expect(here().locked).toBe(true);
          });
        });
      },
      { lock: true },
    );
  });

  it('is the outer one again after the inner scope', async () => {
    await context.onShard('us1', async () => {
      const outer = here();
      await onRole('reader', () => turn());
      expect(here()).toBe(outer);
      expect(() => onRole('reader', fail)).toThrow(Boom);
      expect(here()).toBe(outer);
    });
    expect(currentFrame()).toBeUndefined();
  });

  it('may set a role outside every context, without naming a place', () => {
    onRole('reader', () => expect(here()).toMatchObject({ place: undefined, role: 'reader' }));
  });
});

describe('the axes', () => {
  it('are resolved one by one, each from the innermost scope that sets it', () => {
    const name = fc.constantFrom(...(Object.keys(SCOPES) as (keyof typeof SCOPES)[]));
    fc.assert(fc.property(fc.array(name, { maxLength: 10 }), (names) => nest(names, OUTSIDE)));
  });
});

/** The expected axes, computed without the code under test. */
type Expected = Pick<Frame, 'role' | 'readOnly'> & { shard?: string; tenant?: string };
const OUTSIDE: Expected = { role: 'writer', readOnly: false };
const SCOPES: Record<
  'us1' | 'us2' | 'anna' | 'reader' | 'writer' | 'readOnly' | 'writable' | 'notReadOnly',
  [enter: (inside: () => void) => void, expected: (outer: Expected) => Expected]
> = {
  us1: [
    (inside) => context.onShard('us1', inside),
    ({ role, readOnly }) => ({ shard: 'us1', role, readOnly }),
  ],
  us2: [
    (inside) => context.onShard('us2', inside, { role: 'reader', readOnly: true }),
    () => ({ shard: 'us2', role: 'reader', readOnly: true }),
  ],
  anna: [
    (inside) => context.onPlacement(anna, inside),
    ({ role, readOnly }) => ({ shard: 'us1', tenant: 't_a', role, readOnly }),
  ],
  reader: [(inside) => onRole('reader', inside), (outer) => ({ ...outer, role: 'reader' })],
  writer: [(inside) => onRole('writer', inside), (outer) => ({ ...outer, role: 'writer' })],
  readOnly: [(inside) => readOnly(inside), (outer) => ({ ...outer, readOnly: true })],
  writable: [(inside) => writable('a test', inside), (outer) => ({ ...outer, readOnly: false })],
  notReadOnly: [
    (inside) => context.onShard('us1', inside, { readOnly: false }),
    ({ role, readOnly }) => ({ shard: 'us1', role, readOnly }),
  ],
};

function nest([name, ...rest]: (keyof typeof SCOPES)[], outer: Expected): void {
  if (name === undefined) return;
  const [enter, expected] = SCOPES[name];
  const before = currentFrame();
  const inner = expected(outer);
  enter(() => {
    const { place, role, readOnly } = here();
    const seen = { shard: place?.shard, tenant: place?.tenant, role, readOnly };
    expect(seen).toEqual({ shard: undefined, tenant: undefined, ...inner });
    nest(rest, inner);
  });
  expect(currentFrame()).toBe(before);
}

describe('read-only', () => {
  it('is tightened by an inner scope and holds in every one inside it', () => {
    readOnly(() => {
      context.onShard('us1', () => expect(here().readOnly).toBe(true));
      context.onShard('us1', () => expect(here().readOnly).toBe(true), { readOnly: false });
      onRole('writer', () => expect(here().readOnly).toBe(true));
      unlocked('a test', () => expect(here().readOnly).toBe(true));
    });
  });

  it('is loosened only by writable, and only inside it', () => {
    readOnly(() => {
      writable('a test', () => expect(here().readOnly).toBe(false));
      expect(here().readOnly).toBe(true);
    });
  });
});

describe('named escapes', () => {
  it('publish their reason and place on switchyard:escape', () => {
    const seen: Escape[] = [];
    const listener = (message: unknown) => void seen.push(message as Escape);
    channels.escape.subscribe(listener);
    context.onPlacement(anna, () => {
      unlocked('because of a', () => undefined);
      unfenced('because of b', () => undefined);
      writable('because of c', () => undefined);
    });
    channels.escape.unsubscribe(listener);
    expect(seen.map(({ escape, reason, place }) => [escape, reason, place?.tenant])).toEqual([
      ['unlocked', 'because of a', 't_a'],
      ['unfenced', 'because of b', 't_a'],
      ['writable', 'because of c', 't_a'],
    ]);
  });

  it('unfenced holds for its place only: entering another place asks again', () => {
    context.onShard('us1', () =>
      unfenced('a test', () => {
        expect(here().unfenced).toBe('a test');
        context.onShard('us1', () => expect(here().unfenced).toBe('a test'), { role: 'reader' });
        context.onShard('us2', () => expect(here().unfenced).toBeUndefined());
      }),
    );
  });
});

describe('the end of a scope', () => {
  it('is the return of its function, or the settling of its promise', async () => {
    const frame = context.onShard('us1', () => here());
    expect(frame.activity.closed).toBe(true);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let inside: Frame | undefined;
    const running = context.onShard('us1', async () => {
      inside = here();
      await gate;
    });
    expect(inside?.activity.closed).toBe(false);
    release();
    await running;
    expect(inside?.activity.closed).toBe(true);
  });

  it('comes after a throw and after a rejection as well', async () => {
    let inside: Frame | undefined;
    const note = () => {
      inside = here();
      return fail();
    };
    expect(() => context.onShard('us1', note)).toThrow(Boom);
    expect(inside?.activity.closed).toBe(true);
    await expect(context.onShard('us2', async () => note())).rejects.toThrow(Boom);
    expect(inside?.activity.closed).toBe(true);
  });

  it('keeps a thenable inside: a lazy query that is returned runs where it was made', async () => {
    const lazy = {
      // A query builder is just this: nothing runs until it is awaited.
      then: (resolve: (shard: string | undefined) => void) => resolve(currentFrame()?.place?.shard),
    };
    const { onShard } = { onShard: () => context.onShard('us1', () => lazy) };
    await expect(Promise.resolve(onShard())).resolves.toBe('us1');
    await expect(context.onShard('us2', async () => lazy)).resolves.toBe('us2');
  });

  it('keeps a promise inside that begins its work when it is awaited, as p-lazy does', async () => {
    class Lazy extends Promise<string | undefined> {
      override then<A, B>(
        done?: ((value: string | undefined) => A | PromiseLike<A>) | null,
        failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        return Promise.resolve(currentFrame()?.place?.shard).then(done, failed);
      }
    }
    const made = () => new Lazy(() => undefined);
    await expect(Promise.resolve(context.onShard('us1', made))).resolves.toBe('us1');
  });
});

describe('bindShard', () => {
  it('runs a callback in the context of the code that bound it, with its arguments and this', () => {
    const bound = context.onShard('us1', () =>
      bindShard(function (this: { unit: string }, n: number) {
        return [here().place?.shard, this.unit, n];
      }),
    );
    expect(bound.call({ unit: 'u' }, 5)).toEqual(['us1', 'u', 5]);
    expect(context.onShard('us2', () => bound.call({ unit: 'u' }, 6))).toEqual(['us1', 'u', 6]);
    expect(currentFrame()).toBeUndefined();
  });

  it('is refused outside a context and in one without a place', () => {
    const missing = expect.objectContaining({ code: 'SHARD_CONTEXT_MISSING' }) as Error;
    expect(() => bindShard(() => undefined)).toThrow(missing);
    expect(() => onRole('reader', () => bindShard(() => undefined))).toThrow(missing);
  });

  it('marks a call after the end of its scope: the frame is closed', () => {
    const bound = context.onShard('us1', () => bindShard(() => here().activity.closed));
    expect(bound()).toBe(true);
  });
});

describe('runInFrame', () => {
  it('goes on in a captured frame, as drivers and queues need it', () => {
    const frame = context.onShard('us1', () => here());
    expect(runInFrame(frame, () => currentFrame())).toBe(frame);
  });
});

class Boom extends Error {}

function fail(): never {
  throw new Boom('boom');
}

function topology(): Topology {
  const writer = { host: 'localhost' };
  const credentials = () => ({ user: 'u', password: 'p' });
  return new Topology({
    fleet: 'f',
    regions: ['us'],
    servers: [{ name: 's', region: 'us', engine: 'mysql', writer, credentials }],
    shards: ['us1', 'us2'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  });
}
