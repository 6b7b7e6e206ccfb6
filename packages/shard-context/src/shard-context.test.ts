import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  currentFrame,
  isSwitchyardError,
  onRole,
  readOnly,
  ShardContext,
  Topology,
  unlocked,
  writable,
  type Frame,
} from './index.ts';

const topology = new Topology({
  fleet: 'f',
  regions: ['us'],
  servers: [
    {
      name: 's',
      region: 'us',
      engine: 'mysql',
      writer: { host: 'localhost' },
      credentials: () => ({ user: 'u', password: 'p' }),
    },
  ],
  shards: ['us1', 'us2'].map((name, i) => ({ name, ordinal: i + 1, server: 's', database: name })),
});
const context = new ShardContext(topology);
const here = () => currentFrame() as Frame;
const anna = { tenant: 't_a', shard: 'us1', epoch: 3 };

describe('the place', () => {
  it('has shard, tenant and epoch together: entering a tenant sets all three', () => {
    context.onPlacement(anna, () => expect(here().place).toEqual({ fleet: 'f', ...anna }));
  });

  it('has no tenant after entering a shard, not even that of the scope around', () => {
    const none = { fleet: 'f', tenant: undefined, epoch: undefined };
    context.onPlacement(anna, () => {
      context.onShard('us2', () => expect(here().place).toEqual({ ...none, shard: 'us2' }));
      context.onShard('us1', () => expect(here().place).toEqual({ ...none, shard: 'us1' }));
      expect(here().place).toEqual({ fleet: 'f', ...anna });
    });
  });

  it('keeps concurrent units of work apart', async () => {
    const units = Array.from({ length: 300 }, (_, i) => i);
    const seen = await Promise.all(
      units.map((i) =>
        context.onPlacement({ tenant: `t_${i}`, shard: `us${1 + (i % 2)}`, epoch: i }, async () => {
          for (let turns = 0; turns < 5; turns += 1) await Promise.resolve();
          await new Promise((resolve) => setTimeout(resolve, i % 7));
          return here().place?.tenant;
        }),
      ),
    );
    expect(seen).toEqual(units.map((i) => `t_${i}`));
  });
});

describe('an unknown shard', () => {
  it('is refused on entry with SHARD_UNKNOWN, before any code of the scope runs', () => {
    let ran = false;
    const run = () => (ran = true);
    expect(codeOf(() => context.onShard('us9', run))).toBe('SHARD_UNKNOWN');
    const placement = { ...anna, shard: 'us9' };
    expect(codeOf(() => context.onPlacement(placement, run))).toBe('SHARD_NOT_DECLARED');
    expect(ran).toBe(false);
  });
});

describe('a lock', () => {
  it('refuses another place, allows another role, and lets the same place be entered again', () => {
    context.onPlacement(
      anna,
      () => {
        expect(codeOf(() => context.onShard('us2', never))).toBe('SHARD_LOCKED');
        expect(codeOf(() => context.onShard('us1', never))).toBe('SHARD_LOCKED');
        const other = { ...anna, tenant: 't_b' };
        expect(codeOf(() => context.onPlacement(other, never))).toBe('SHARD_LOCKED');
        expect(onRole('reader', () => here().role)).toBe('reader');
        expect(context.onPlacement(anna, () => here().place)).toMatchObject(anna);
        expect(context.onPlacement(anna, () => here().role, { role: 'reader' })).toBe('reader');
      },
      { lock: true },
    );
  });

  it('refuses the same tenant at another epoch: its placement changed in between', () => {
    context.onPlacement(
      anna,
      () => {
        const later = { ...anna, epoch: 4 };
        expect(codeOf(() => context.onPlacement(later, never))).toBe('SHARD_LOCKED');
      },
      { lock: true },
    );
  });

  it('holds at any depth, and an option inside does not open it', () => {
    context.onShard(
      'us1',
      () =>
        readOnly(() =>
          onRole('reader', () => {
            const open = () => context.onShard('us2', never, { lock: false });
            expect(codeOf(open)).toBe('SHARD_LOCKED');
          }),
        ),
      { lock: true },
    );
  });

  it('is left by name only, inside the function that names the reason', () => {
    context.onShard(
      'us1',
      () => {
        const shard = unlocked('an operator compares', () =>
          context.onShard('us2', () => here().place?.shard),
        );
        expect(shard).toBe('us2');
        expect(codeOf(() => context.onShard('us2', never))).toBe('SHARD_LOCKED');
      },
      { lock: true },
    );
  });
});

describe('a switch inside an open transaction', () => {
  it('is refused, in the scope of the transaction and in scopes inside it', () => {
    context.onShard('us1', () => {
      const ended = here().activity.transactionOpened();
      expect(codeOf(() => context.onShard('us2', never))).toBe('SHARD_SWITCH_IN_TRANSACTION');
      readOnly(() => {
        expect(codeOf(() => context.onShard('us2', never))).toBe('SHARD_SWITCH_IN_TRANSACTION');
      });
      ended('committed');
      expect(context.onShard('us2', () => here().place?.shard)).toBe('us2');
    });
  });

  it('runs where it is declared independent, and is then no part of that transaction', () => {
    context.onShard('us1', () => {
      const ended = here().activity.transactionOpened();
      context.onShard(
        'us2',
        () => {
          expect(here().place?.shard).toBe('us2');
          expect(here().activity.inTransaction).toBe(false);
          expect(context.onShard('us1', () => here().place?.shard)).toBe('us1');
        },
        { independentOfTransaction: true },
      );
      expect(here().activity.inTransaction).toBe(true);
      ended('rolledBack');
    });
  });

  it('is not opened by leaving a lock: unlocked allows a place, not a transaction over two', () => {
    context.onShard(
      'us1',
      () => {
        const ended = here().activity.transactionOpened();
        const code = codeOf(() => unlocked('a test', () => context.onShard('us2', never)));
        expect(code).toBe('SHARD_SWITCH_IN_TRANSACTION');
        ended('rolledBack');
      },
      { lock: true },
    );
  });

  it('does not concern the same place', () => {
    context.onShard('us1', () => {
      const ended = here().activity.transactionOpened();
      expect(context.onShard('us1', () => here().activity.inTransaction)).toBe(true);
      ended('committed');
    });
  });
});

describe('entering the same place again', () => {
  it('is free: the very same frame goes on', () => {
    context.onPlacement(anna, () => {
      const frame = here();
      context.onPlacement({ ...anna }, () => expect(here()).toBe(frame));
    });
  });

  it('makes a frame of its own where an axis is tightened', () => {
    context.onPlacement(anna, () => {
      context.onPlacement(anna, () => expect(here().readOnly).toBe(true), { readOnly: true });
      context.onPlacement(anna, () => expect(here().locked).toBe(true), { lock: true });
      expect(here()).toMatchObject({ readOnly: false, locked: false });
    });
  });

  it('opens a new scope where the one around is over: who enters on purpose is not late', () => {
    let later = (): Frame => here();
    context.onPlacement(anna, () => {
      const frame = here();
      later = () => {
        expect(frame.activity.closed).toBe(true);
        return context.onPlacement(anna, () => {
          expect(here().activity.closed).toBe(false);
          return here();
        });
      };
    });
    expect(later().place).toMatchObject(anna);
  });
});

describe('a refused entry', () => {
  it('leaves the context byte-identical, at any depth and after a rescue', async () => {
    const step = fc.constantFrom('shard', 'tenant', 'role', 'readOnly', 'writable', 'lock');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), (steps) => descend(steps)),
      { numRuns: 200 },
    );
  });
});

/** Enters scope after scope; at each depth refused entries are rescued and must change nothing. */
async function descend(steps: readonly string[]): Promise<void> {
  await refuseAndCompare();
  const [step, ...rest] = steps;
  if (step === undefined) return;
  const inside = () => descend(rest);
  const before = currentFrame();
  await unlocked('to go deeper', () => enterBy(step, inside));
  expect(currentFrame()).toBe(before);
}

function enterBy(step: string, inside: () => Promise<void>): Promise<void> {
  if (step === 'shard') return context.onShard('us2', inside);
  if (step === 'tenant') return context.onPlacement(anna, inside);
  if (step === 'role') return onRole('reader', inside);
  if (step === 'readOnly') return readOnly(inside);
  if (step === 'writable') return writable('a test', inside);
  return context.onShard('us1', inside, { lock: true });
}

async function refuseAndCompare(): Promise<void> {
  const frame = currentFrame();
  const bytes = JSON.stringify(frame);
  expect(codeOf(() => context.onShard('nowhere', never))).toBe('SHARD_UNKNOWN');
  if (frame?.locked === true) {
    const elsewhere = { tenant: 't_z', shard: 'us2', epoch: 1 };
    expect(codeOf(() => context.onPlacement(elsewhere, never))).toBe('SHARD_LOCKED');
  }
  await Promise.resolve();
  expect(currentFrame()).toBe(frame);
  expect(JSON.stringify(currentFrame())).toBe(bytes);
}

function never(): never {
  throw new TypeError('the scope ran although it should have been refused');
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isSwitchyardError(error)) return error.code;
    throw error;
  }
  return 'none';
}
