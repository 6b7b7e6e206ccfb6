import { describe, expect, it } from 'vitest';
import { formatPlan } from './format-plan.ts';
import type { ShardPlan, Step } from './plan.ts';

const COLUMN = step('1', 'ADD COLUMN x INT', { path: 'instant', rows: 12_345, bytes: 3_000_000 });
const INDEX = step('2', 'ADD INDEX k (x)', { path: 'inplace', rows: 12_345, bytes: 3_000_000 });

describe('a printed plan', () => {
  it('has one line per clause and way, with the shards that take it', () => {
    const text = formatPlan([
      plan('us1', { steps: [COLUMN, INDEX] }),
      plan('us2', { steps: [{ ...COLUMN, rows: 5 }, INDEX] }),
      plan('eu1', { steps: [COLUMN, { ...INDEX, path: 'rebuild' }] }),
    ]);
    expect(text.split('\n')).toEqual([
      'AddX1700000000001',
      '  #  table    clause            path     lock  rows   bytes  shards',
      '  1  account  ADD COLUMN x INT  instant  none  5-12k  9 MB   us1, us2, eu1',
      '  2  account  ADD INDEX k (x)   inplace  none  12k    6 MB   us1, us2',
      '                                rebuild  none  12k    3 MB   eu1',
    ]);
  });

  it('counts shards where there are many', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const text = formatPlan([...names.map((name) => plan(name, { steps: [COLUMN] }))]);
    expect(text).toMatch(/all 6$/);
    const apart = formatPlan([
      ...names.map((name) => plan(name, { steps: [COLUMN] })),
      plan('g', { steps: [{ ...COLUMN, path: 'already-there' }] }),
    ]);
    expect(apart).toMatch(/a, b, c and 3 more$/m);
  });

  it('gives each refusal once, with its shards, remedy and flag', () => {
    const refusal = {
      rule: 'DROP_COLUMN',
      table: 'account',
      clause: 'DROP COLUMN x',
      reason: 'its data are lost for good',
      remedy: 'Allow it by name once no one needs them',
      flag: 'drop-column:account.x',
    };
    const plans = ['us1', 'us2'].map((name) => plan(name, { refusals: [refusal] }));
    expect(formatPlan(plans).split('\n').slice(1)).toEqual([
      '  refused on us1, us2: account: DROP COLUMN x: its data are lost for good. Allow it by name once no one needs them (--allow drop-column:account.x). [DROP_COLUMN]',
    ]);
  });

  it('fits the columns that there are, however long clauses, names and reasons are', () => {
    const steps = [
      { ...COLUMN, clause: `ADD COLUMN ${'x'.repeat(30)} VARCHAR(100) NOT NULL DEFAULT 'a'` },
      { ...INDEX, note: 'inserts without a value for kind fail, and so do writes of NULL to v' },
    ];
    const reason = 'its data are lost for good and for all times, whatever happens to its shards';
    const refusals = [
      {
        rule: 'DROP_COLUMN',
        table: 'account',
        clause: 'DROP COLUMN x',
        reason,
        remedy: 'Allow it',
      },
    ];
    const plans = ['europe-1', 'europe-2', 'america-1', 'america-2'].map((name) =>
      plan(name, { steps, refusals }),
    );
    const text = formatPlan(plans, { columns: 80 });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const words = text.replaceAll(/\s+/g, ' ');
    for (const said of [reason, steps[1]!.note, 'instant, lock none, 12k rows', 'america-2']) {
      expect(words).toContain(said);
    }
  });

  it('names what stands in the way', () => {
    const blocker = {
      kind: 'transaction',
      table: 'account',
      reason: 'app@10.0.0.5 holds it for 65 s',
      remedy: 'Let it end',
    } as const;
    expect(formatPlan([plan('us1', { steps: [COLUMN], blockers: [blocker] })])).toContain(
      'in the way on us1, account: app@10.0.0.5 holds it for 65 s. Let it end.',
    );
  });

  it('says so where nothing is to be done, and which way it goes back', () => {
    const back = plan('us1', { direction: 'down' });
    expect(formatPlan([back])).toBe('AddX1700000000001 (down)\n  nothing to do');
  });

  it('is painted by tones, and stays aligned', () => {
    const tones: string[] = [];
    const paint = (tone: string, text: string): string => {
      tones.push(tone);
      return text;
    };
    const steps: Step[] = [COLUMN, { ...INDEX, path: 'copy', lock: 'shared' }];
    formatPlan([plan('us1', { steps })], { paint });
    expect(tones).toEqual(['heading', 'quiet', 'cheap', 'costly']);
  });
});

function plan(shard: string, parts: Partial<ShardPlan>): ShardPlan {
  return {
    shard,
    migration: 'AddX1700000000001',
    checksum: '',
    direction: 'up',
    steps: [],
    refusals: [],
    blockers: [],
    fingerprint: '',
    serverVersion: '',
    ...parts,
  };
}

function step(id: string, clause: string, parts: Partial<Step>): Step {
  return {
    id,
    table: 'account',
    clause,
    sql: '',
    parameters: [],
    path: 'instant',
    lock: 'none',
    rows: 0,
    bytes: 0,
    note: '',
    readsData: false,
    session: {},
    checks: [],
    verify: { kind: 'repeatable' },
    ...parts,
  };
}
