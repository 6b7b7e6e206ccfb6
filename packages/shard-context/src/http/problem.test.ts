import { describe, expect, it } from 'vitest';
import { KeyUnknownError, StaleRouteError, SwitchyardError } from '../internal.ts';
import { problemHeaders, problemOf } from './index.ts';

class FutureError extends SwitchyardError {
  static override readonly code = 'FUTURE';
  static override readonly retryable = true;
}

class FaultError extends SwitchyardError {
  static override readonly code = 'FAULT';
}

const parts = { attempted: 'insert into Account', shard: 'us1', reason: 'a', remedy: 'b' };

describe('the problem of an error', () => {
  it('is the host’s where the error is not Switchyard’s', () => {
    expect(problemOf(new TypeError('x'))).toBeUndefined();
    expect(problemOf(undefined)).toBeUndefined();
  });

  it('is 503 for every retryable error and 500 for every other, known here or not', () => {
    expect(problemOf(new FutureError(parts))).toMatchObject({ status: 503, retryable: true });
    expect(problemOf(new FaultError(parts))).toMatchObject({ status: 500, retryable: false });
  });

  it('says when to try again only where that helps', () => {
    const [unknown, later] = [
      problemOf(new KeyUnknownError('k')),
      problemOf(new FutureError(parts)),
    ];
    expect(problemHeaders(later!)).toMatchObject({ 'retry-after': '1' });
    expect(problemHeaders(unknown!)).not.toHaveProperty('retry-after');
    expect(problemHeaders(unknown!)).toMatchObject({ 'cache-control': 'no-store' });
  });

  it('names neither shard nor tenant nor statement', () => {
    const stale = {
      attempted: 'insert',
      shard: 'us1',
      tenant: 't_9',
      seenEpoch: 1,
      movedTo: 'us2',
    };
    expect(JSON.stringify(problemOf(new StaleRouteError(stale)))).not.toMatch(/us1|us2|t_9|insert/);
  });
});
