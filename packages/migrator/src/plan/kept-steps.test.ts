import { describe, expect, it } from 'vitest';
import type { Step } from './plan.ts';
import { keepSteps, keptSteps } from './kept-steps.ts';

describe('the steps of a migration under way, as its ledger keeps them', () => {
  it('come back as they were, values that JSON has no form for included', () => {
    const step: Step = {
      id: 'a1',
      table: 'account',
      clause: 'UPDATE',
      sql: 'UPDATE account SET a = ?',
      parameters: [new Date(0), Buffer.from('x'), 2n ** 63n - 1n, null, 'text', 1.5],
      path: 'data',
      lock: 'none',
      rows: 1,
      bytes: 2,
      note: '',
      readsData: false,
      session: { foreign_key_checks: 0 },
      checks: [],
      verify: { kind: 'transaction' },
    };
    expect(keptSteps(keepSteps([step]))).toEqual([step]);
  });
});
