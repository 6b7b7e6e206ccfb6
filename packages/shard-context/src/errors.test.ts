import { describe, expect, it } from 'vitest';
import { isSwitchyardError } from './index.ts';
import {
  DirectoryUnavailableError,
  KeyUnknownError,
  ShardContextMissingError,
  StaleRouteError,
  SwitchyardError,
} from './internal.ts';

class SampleError extends SwitchyardError {
  static override readonly code = 'SAMPLE';
  static override readonly retryable = true;
}

describe('an error of Switchyard', () => {
  it('names the attempted operation, the shard, the reason and the remedy', () => {
    const error = new SampleError({
      attempted: 'insert into Account',
      shard: 'us1',
      reason: 'the day is over',
      remedy: 'Come back tomorrow',
    });
    expect(error.message).toBe(
      'Cannot insert into Account on shard us1: the day is over. Come back tomorrow.',
    );
    expect(error).toMatchObject({ shard: 'us1', remedy: 'Come back tomorrow' });
  });

  it('has the code, the name and the retryability of its class', () => {
    const error = new SampleError({ attempted: 'a', reason: 'b', remedy: 'c' });
    expect(error).toMatchObject({ code: 'SAMPLE', name: 'SampleError', retryable: true });
    expect(error.shard).toBeUndefined();
    expect(new ShardContextMissingError('find').retryable).toBe(false);
  });

  it('keeps the original in cause, untouched', () => {
    const cause = new TypeError('original');
    const error = new DirectoryUnavailableError('locate a key', { cause });
    expect(error.cause).toBe(cause);
  });

  it('is recognised among other values, by its code where one is given', () => {
    const error: unknown = new KeyUnknownError('api-key');
    expect(isSwitchyardError(error)).toBe(true);
    expect(isSwitchyardError(error, 'KEY_UNKNOWN')).toBe(true);
    expect(isSwitchyardError(error, 'STALE_ROUTE')).toBe(false);
    const others = [null, undefined, 'KEY_UNKNOWN', { code: 'KEY_UNKNOWN' }, new TypeError('x')];
    expect(others.some((other) => isSwitchyardError(other))).toBe(false);
  });

  it('shows no brand in JSON, spread or keys', () => {
    const error = new KeyUnknownError('api-key');
    const stale = { attempted: 'a', shard: 'us1', tenant: 't', seenEpoch: 1 };
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([]);
    expect(new StaleRouteError(stale).message).not.toContain('undefined');
  });
});
