/**
 * The error numbers that Switchyard distinguishes, each by the name that its server gives it: the
 * only place where they are written down.
 * @see https://dev.mysql.com/doc/mysql-errors/9.7/en/server-error-reference.html
 * @see https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
export const ServerError = {
  ER_CANT_CREATE_TABLE: 1005,
  ER_DB_CREATE_EXISTS: 1007,
  ER_CHECKREAD: 1020,
  ER_DUP_KEY: 1022,
  ER_DBACCESS_DENIED_ERROR: 1044,
  ER_ACCESS_DENIED_ERROR: 1045,
  ER_BAD_DB_ERROR: 1049,
  ER_TABLE_EXISTS_ERROR: 1050,
  ER_BAD_TABLE_ERROR: 1051,
  ER_SERVER_SHUTDOWN: 1053,
  ER_BAD_FIELD_ERROR: 1054,
  ER_DUP_FIELDNAME: 1060,
  ER_DUP_KEYNAME: 1061,
  ER_DUP_ENTRY: 1062,
  ER_PARSE_ERROR: 1064,
  ER_MULTIPLE_PRI_KEY: 1068,
  ER_NORMAL_SHUTDOWN: 1077,
  ER_SHUTDOWN_COMPLETE: 1079,
  ER_CANT_DROP_FIELD_OR_KEY: 1091,
  ER_NO_SUCH_THREAD: 1094,
  ER_RECORD_FILE_FULL: 1114,
  ER_UNKNOWN_CHARACTER_SET: 1115,
  ER_INVALID_USE_OF_NULL: 1138,
  ER_TABLEACCESS_DENIED_ERROR: 1142,
  ER_COLUMNACCESS_DENIED_ERROR: 1143,
  ER_NO_SUCH_TABLE: 1146,
  ER_LOCK_WAIT_TIMEOUT: 1205,
  ER_LOCK_DEADLOCK: 1213,
  ER_SPECIFIC_ACCESS_DENIED_ERROR: 1227,
  ER_WRONG_VALUE_FOR_VAR: 1231,
  ER_UNKNOWN_STMT_HANDLER: 1243,
  ER_COLLATION_CHARSET_MISMATCH: 1253,
  WARN_DATA_TRUNCATED: 1265,
  ER_UNKNOWN_COLLATION: 1273,
  ER_OPTION_PREVENTS_STATEMENT: 1290,
  ER_UNKNOWN_TIME_ZONE: 1298,
  ER_SP_DOES_NOT_EXIST: 1305,
  ER_QUERY_INTERRUPTED: 1317,
  ER_WRONG_OBJECT: 1347,
  ER_PROCACCESS_DENIED_ERROR: 1370,
  ER_DATA_TOO_LONG: 1406,
  ER_NO_REFERENCED_ROW_2: 1452,
  ER_XA_RBDEADLOCK: 1614,
  ER_NEED_REPREPARE: 1615,
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 1698,
  ER_FK_DUP_NAME: 1826,
  ER_READ_ONLY_MODE: 1836,
  ER_ALTER_OPERATION_NOT_SUPPORTED: 1845,
  ER_ALTER_OPERATION_NOT_SUPPORTED_REASON: 1846,
  ER_MUST_CHANGE_PASSWORD_LOGIN: 1862,
  /** MariaDB alone. */
  ER_CONNECTION_KILLED: 1927,
  /** MariaDB alone: `max_statement_time`. */
  ER_STATEMENT_TIMEOUT: 1969,
  /** Not of a server: client libraries and proxies. */
  CR_SERVER_GONE_ERROR: 2006,
  /** Not of a server: client libraries and proxies. */
  CR_SERVER_LOST: 2013,
  /** MySQL alone: `max_execution_time`. */
  ER_QUERY_TIMEOUT: 3024,
  ER_SECURE_TRANSPORT_REQUIRED: 3159,
  /** MySQL alone. */
  ER_SESSION_WAS_KILLED: 3169,
  /** MySQL alone: `NOWAIT`; MariaDB answers with ER_LOCK_WAIT_TIMEOUT. */
  ER_LOCK_NOWAIT: 3572,
  /** MySQL alone. */
  ER_CHECK_CONSTRAINT_DUP_NAME: 3822,
  /** MySQL alone. */
  ER_CONSTRAINT_NOT_FOUND: 3940,
  /** MySQL alone: idle for `wait_timeout`. The number has another meaning on MariaDB. */
  ER_CLIENT_INTERACTION_TIMEOUT: 4031,
  /** MySQL alone. */
  ER_INNODB_MAX_ROW_VERSION: 4092,
} as const;

/** The parts of a driver's error that decide what a failure means. */
export interface DriverFailure {
  readonly errno?: unknown;
  readonly code?: unknown;
  readonly fatal?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly sqlMessage?: unknown;
  readonly driverError?: unknown;
  readonly cause?: unknown;
}

/** The driver's own error inside what TypeORM throws. */
export function driverFailure(error: unknown): DriverFailure {
  const failure = (error ?? {}) as DriverFailure;
  return (failure.driverError ?? failure) as DriverFailure;
}

/**
 * The server's number of a failure; undefined where the server did not answer. Failures of the
 * socket have negative numbers, and those are the operating system's.
 */
export function failureNumber(error: unknown): number | undefined {
  const { errno } = driverFailure(error);
  return typeof errno === 'number' && errno > 0 ? errno : undefined;
}

/** True where the server answered with one of these numbers. */
export function isServerError(error: unknown, ...numbers: readonly number[]): boolean {
  return numbers.includes(failureNumber(error) ?? 0);
}

/** The server's text of a failure, or the driver's; what was thrown, where that is no error. */
export function failureText(error: unknown): string {
  const { sqlMessage, message } = driverFailure(error);
  return String(sqlMessage ?? message ?? error);
}
