import { describe, expect, it } from 'vitest';
import { Activity } from './activity.ts';

function noting() {
  const seen: string[] = [];
  const work = {
    committed: () => void seen.push('committed'),
    dropped: (outcome: string) => void seen.push(outcome),
  };
  return { seen, work };
}

const scope = (parent?: Activity) => new Activity(parent, scope);

describe('work for after the commit', () => {
  it('is not kept where no transaction is open', () => {
    const { seen, work } = noting();
    expect(scope().afterCommit(work)).toBe(false);
    expect(seen).toEqual([]);
  });

  it('is done after the commit of a transaction that a scope around opened', () => {
    const { seen, work } = noting();
    const outer = scope();
    const ended = outer.transactionOpened();
    expect(scope(outer).afterCommit(work)).toBe(true);
    expect(seen).toEqual([]);
    ended('committed');
    ended('committed');
    expect(seen).toEqual(['committed']);
  });

  it.each(['rolledBack', 'unknown'] as const)('is dropped when the end is %s', (outcome) => {
    const { seen, work } = noting();
    const activity = scope();
    const ended = activity.transactionOpened();
    activity.afterCommit(work);
    ended(outcome);
    expect(seen).toEqual([outcome]);
    expect(activity.inTransaction).toBe(false);
  });

  it('waits for the outermost of nested transactions', () => {
    const { seen, work } = noting();
    const activity = scope();
    const outerEnded = activity.transactionOpened();
    const innerEnded = activity.transactionOpened();
    activity.afterCommit(work);
    innerEnded('committed');
    expect(seen).toEqual([]);
    outerEnded('committed');
    expect(seen).toEqual(['committed']);
  });

  it('is dropped when an inner one was rolled back and the outer one commits', () => {
    const { seen, work } = noting();
    const activity = scope();
    const outerEnded = activity.transactionOpened();
    const innerEnded = activity.transactionOpened();
    activity.afterCommit(work);
    innerEnded('rolledBack');
    outerEnded('committed');
    expect(seen).toEqual(['rolledBack']);
  });

  it('does not wait for a transaction of a scope beside it', () => {
    const { seen, work } = noting();
    const outer = scope();
    const [mine, beside] = [scope(outer), scope(outer)];
    const mineEnded = mine.transactionOpened();
    const besideEnded = beside.transactionOpened();
    mine.afterCommit(work);
    besideEnded('rolledBack');
    mineEnded('committed');
    expect(seen).toEqual(['committed']);
  });
});
