import { SwitchyardError } from '@switchyard/shard-context/internal';
import { failureText, isServerError, ServerError } from './server-errors.ts';

/** Refused for a database, a table, a column, a routine, or for want of a right over the server. */
const REFUSED = [
  ServerError.ER_DBACCESS_DENIED_ERROR,
  ServerError.ER_TABLEACCESS_DENIED_ERROR,
  ServerError.ER_COLUMNACCESS_DENIED_ERROR,
  ServerError.ER_PROCACCESS_DENIED_ERROR,
  ServerError.ER_SPECIFIC_ACCESS_DENIED_ERROR,
];

/**
 * The account has not a right that one of Switchyard's own statements needs. The server refused that
 * statement; the reason is the server's own words, which name right, account and table.
 */
export class GrantMissingError extends SwitchyardError {
  static override readonly code = 'GRANT_MISSING';

  /** `shard`: undefined for a database that is no shard, such as the directory's. */
  constructor(attempted: string, shard: string | undefined, cause: unknown) {
    super(
      {
        attempted,
        ...(shard !== undefined && { shard }),
        reason: `the account of this process lacks a grant: ${failureText(cause)}`,
        remedy: 'Grant it what its part needs: docs/grants.md lists the least grants of each',
      },
      { cause },
    );
  }
}

/** True where the server refused a statement, or a log-in to a database, for want of a grant. */
export function isGrantMissing(error: unknown): boolean {
  return isServerError(error, ...REFUSED);
}

/** The failure, as {@link GrantMissingError} where a grant is what it lacks. */
export function explainGrant(error: unknown, attempted: string, shard?: string): unknown {
  return isGrantMissing(error) ? new GrantMissingError(attempted, shard, error) : error;
}
