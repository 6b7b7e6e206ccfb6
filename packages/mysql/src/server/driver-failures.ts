import { failureText, isServerError, ServerError } from './server-errors.ts';

/** Deadlock; distributed deadlock; a record changed since it was read under snapshot isolation. */
const ROLLED_BACK = [
  ServerError.ER_LOCK_DEADLOCK,
  ServerError.ER_XA_RBDEADLOCK,
  ServerError.ER_CHECKREAD,
];
/** No such table, column or right; SQL that this server does not speak. */
const ASK_FOR_CHANGE = [
  ServerError.ER_NO_SUCH_TABLE,
  ServerError.ER_BAD_FIELD_ERROR,
  ServerError.ER_PARSE_ERROR,
  ServerError.ER_TABLEACCESS_DENIED_ERROR,
  ServerError.ER_COLUMNACCESS_DENIED_ERROR,
];
/** Statements refused because the server became read-only; 1290 has other reasons besides. */
const READ_ONLY_SERVER = [ServerError.ER_OPTION_PREVENTS_STATEMENT, ServerError.ER_READ_ONLY_MODE];
/** Refused for the user, for the database, without a password, with one that has to be changed. */
const ACCESS_DENIED = [
  ServerError.ER_DBACCESS_DENIED_ERROR,
  ServerError.ER_ACCESS_DENIED_ERROR,
  ServerError.ER_ACCESS_DENIED_NO_PASSWORD_ERROR,
  ServerError.ER_MUST_CHANGE_PASSWORD_LOGIN,
];

/** True where the server has rolled back the whole transaction. */
export function hasRolledBack(error: unknown, rollsBackOnTimeout: boolean): boolean {
  if (isServerError(error, ...ROLLED_BACK)) return true;
  return rollsBackOnTimeout && isServerError(error, ServerError.ER_LOCK_WAIT_TIMEOUT);
}

/** True where the server will say the same until schema, rights or code change. */
export function asksForChange(error: unknown): boolean {
  return isServerError(error, ...ASK_FOR_CHANGE);
}

/** True where the writer turned out to be read-only, as after a failover. */
export function foundReadOnly(error: unknown): boolean {
  return isServerError(error, ...READ_ONLY_SERVER) && /read[-_ ]only/i.test(failureText(error));
}

/** True where the server refused a log-in: the user, the password, or the right to the database. */
export function isAccessDenied(error: unknown): boolean {
  return isServerError(error, ...ACCESS_DENIED);
}
