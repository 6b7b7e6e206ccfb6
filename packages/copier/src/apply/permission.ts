import type { Connection } from 'mysql2/promise';

/**
 * Whether a run may still write to its target. Asked first in each transaction of the target, in
 * that transaction, so that a lock which it takes holds until the commit: a move locks the tenant's
 * row shared and compares state, epoch and token.
 */
export interface Permission {
  /** Resolves where the transaction may write. @throws where not: it is rolled back, the run ends */
  ask(session: Connection): Promise<void>;
}

/** For a run that nothing can revoke: a shadow copy writes to a table of its own. */
export const alwaysPermitted: Permission = { ask: () => Promise.resolve() };
