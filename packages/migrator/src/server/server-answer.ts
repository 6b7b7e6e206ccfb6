import { failureText, isServerError, ServerError } from '@switchyard/mysql/internal';

const ALREADY_THERE = [
  ServerError.ER_DB_CREATE_EXISTS,
  ServerError.ER_DUP_KEY, // MariaDB: a foreign key of that name
  ServerError.ER_TABLE_EXISTS_ERROR,
  ServerError.ER_BAD_TABLE_ERROR,
  ServerError.ER_DUP_FIELDNAME,
  ServerError.ER_DUP_KEYNAME,
  ServerError.ER_MULTIPLE_PRI_KEY,
  ServerError.ER_CANT_DROP_FIELD_OR_KEY,
  ServerError.ER_FK_DUP_NAME,
  ServerError.ER_CHECK_CONSTRAINT_DUP_NAME,
  ServerError.ER_CONSTRAINT_NOT_FOUND,
];

/** True for an answer that means: what the statement asks for is there already, or gone already. */
export function saysAlreadyThere(error: unknown): boolean {
  if (isServerError(error, ...ALREADY_THERE)) return true;
  // MariaDB: a foreign key of that name.
  const cannotCreate = isServerError(error, ServerError.ER_CANT_CREATE_TABLE);
  return cannotCreate && /errno: 121\b/.test(failureText(error));
}
