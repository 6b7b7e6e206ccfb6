import { describe, expect, it } from 'vitest';
import { Activity } from './activity.ts';

const scope = (parent?: Activity, independent = false) => new Activity(parent, scope, independent);

describe('the activity of a scope', () => {
  it('has written when the scope, one around it or one inside it has', () => {
    const outer = scope();
    const [inner, sibling, other] = [scope(outer), scope(outer), scope()];
    inner.wrote();
    expect([outer, inner, sibling, other].map((each) => each.hasWritten)).toEqual([
      true,
      true,
      true, // it reads what its sibling wrote: both belong to one unit of work
      false,
    ]);
  });

  it('is in a transaction while one is open there or around it, but not inside it', () => {
    const outer = scope();
    const inner = scope(outer);
    const ended = inner.transactionOpened();
    expect([outer.inTransaction, inner.inTransaction]).toEqual([false, true]);
    expect(scope(inner).inTransaction).toBe(true);
    ended('committed');
    ended('committed');
    expect(inner.inTransaction).toBe(false);
  });

  it('counts transactions: it is in one until the last has ended', () => {
    const both = scope();
    const [first, second] = [both.transactionOpened(), both.transactionOpened()];
    first('rolledBack');
    first('rolledBack');
    expect(both.inTransaction).toBe(true);
    second('unknown');
    expect(both.inTransaction).toBe(false);
  });

  it('of a scope that was declared independent is no part of the transactions around', () => {
    const outer = scope();
    const ended = outer.transactionOpened();
    const apart = scope(outer, true);
    expect(apart.inTransaction).toBe(false);
    expect(scope(apart).inTransaction).toBe(false);
    ended('committed');
  });

  it('names the caller of whoever opened it, and leaves the depth of stacks as it was', () => {
    const before = Error.stackTraceLimit;
    const { openedAt } = openScopeHere();
    expect(openedAt).toMatch(/^\s+at openScopeHere .*activity\.test\.ts/);
    expect(openedAt.split('\n').length).toBeLessThanOrEqual(6);
    expect(Error.stackTraceLimit).toBe(before);
  });
});

function openScopeHere(): Activity {
  return scope();
}
