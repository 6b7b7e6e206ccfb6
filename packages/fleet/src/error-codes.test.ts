import { isSwitchyardError, type SwitchyardErrorCode } from '@switchyard/shard-context';
import { describe, expect, it } from 'vitest';
import { FleetOptionsInvalidError } from './fleet-errors.ts';

describe('a code of an error', () => {
  const error: unknown = new FleetOptionsInvalidError(['shards: they are missing']);

  it('narrows to the fields of its error, which keep the parts of the message', () => {
    if (!isSwitchyardError(error, 'FLEET_OPTIONS_INVALID')) throw error;
    expect(error.problems).toEqual(['shards: they are missing']);
    const { attempted, reason, remedy } = error;
    expect(error.message).toBe(`Cannot ${attempted}: ${reason}. ${remedy}.`);
  });

  it('is one of a union that every package adds to', () => {
    const known: SwitchyardErrorCode[] = ['STALE_ROUTE', 'TENANT_BUSY', 'KEY_TAKEN', 'STEP_FAILED'];
    for (const code of known) expect(isSwitchyardError(error, code)).toBe(false);
    // @ts-expect-error a misspelt code does not compile
    expect(isSwitchyardError(error, 'STALE_RUOTE')).toBe(false);
  });
});
