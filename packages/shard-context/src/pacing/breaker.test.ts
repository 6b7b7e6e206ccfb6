import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

function breakerAt(failures?: number) {
  const clock = { ms: 0, now: () => clock.ms };
  const options = { firstPauseMs: 50, longestPauseMs: 200, ...(failures && { failures }) };
  return { clock, breaker: new Breaker(options, clock) };
}

describe('a breaker', () => {
  it('keeps callers off for a pause after a failure, longer each time, up to the longest', () => {
    const { clock, breaker } = breakerAt();
    const pauses = [0, 1, 2, 3].map(() => {
      breaker.failed();
      const left = breaker.leftMs;
      clock.ms += left;
      return left;
    });
    expect(pauses).toEqual([50, 100, 200, 200]);
  });

  it('lets one try when a pause is over, and keeps the others off meanwhile', () => {
    const { clock, breaker } = breakerAt();
    expect([breaker.mayTry(), breaker.mayTry()]).toEqual([true, true]);
    breaker.failed();
    expect(breaker.mayTry()).toBe(false);
    clock.ms += 50;
    expect([breaker.mayTry(), breaker.mayTry()]).toEqual([true, false]);
  });

  it('closes with the first success', () => {
    const { clock, breaker } = breakerAt();
    breaker.failed();
    breaker.failed();
    breaker.succeeded();
    expect([breaker.failures, breaker.leftMs, breaker.mayTry()]).toEqual([0, 0, true]);
    breaker.failed();
    expect(breaker.leftMs).toBe(50);
    clock.ms = 50;
    expect(breaker.leftMs).toBe(0);
  });

  it('opens only after as many failures in a row as it is told', () => {
    const { breaker } = breakerAt(2);
    breaker.failed();
    expect([breaker.mayTry(), breaker.mayTry()]).toEqual([true, true]);
    breaker.failed();
    expect([breaker.mayTry(), breaker.leftMs]).toEqual([false, 50]);
  });
});
