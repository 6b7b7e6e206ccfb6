import { isSwitchyardError, type Placement } from '@switchyard/shard-context';
import { KeyUnknownError, TenantUnknownError } from '@switchyard/shard-context/internal';

/** One answer of `locateMany`. `unavailable`: nothing is known, try again. */
export type LocateOutcome =
  | { readonly outcome: 'found'; readonly placement: Placement }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'unavailable'; readonly cause: unknown };

/** What became of a look-up; it never rejects. */
export async function outcomeOf(located: Promise<Placement>): Promise<LocateOutcome> {
  try {
    return { outcome: 'found', placement: await located };
  } catch (cause) {
    const unknown =
      isSwitchyardError(cause, KeyUnknownError.code) ||
      isSwitchyardError(cause, TenantUnknownError.code);
    return unknown ? { outcome: 'unknown' } : { outcome: 'unavailable', cause };
  }
}
