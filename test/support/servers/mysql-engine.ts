/** The two MySQL-protocol engines that the suite runs on. */
export type EngineName = 'mariadb' | 'mysql';

/** An engine as found on this machine: how an empty data folder is made and how a server starts on it. */
export interface MysqlEngine {
  readonly name: EngineName;
  /** For messages and as part of the template's name: `10.11.19-MariaDB`, `9.7.4`. */
  readonly version: string;
  readonly command: string;
  /** Arguments that come before all others: `--no-defaults` and where the program's files are. */
  readonly baseArgs: readonly string[];
  /** Arguments for a fast private server, beside data folder, port and socket. */
  readonly serverArgs: readonly string[];
  /** Fills the empty folder `data` with system tables and the account root@'%' without a password. */
  initialize(data: string): Promise<void>;
}

/**
 * `SWITCHYARD_ENGINE`: `mariadb` (default) or `mysql`.
 * @throws Error for any other value
 */
export function chosenEngine(): EngineName {
  const name = process.env['SWITCHYARD_ENGINE'] ?? 'mariadb';
  if (name === 'mariadb' || name === 'mysql') return name;
  throw new Error(`SWITCHYARD_ENGINE is '${name}': say mariadb or mysql`);
}

/** Settings of both engines; everything else is the engine's default, sql_mode and isolation too. */
export const SMALL_SERVER = [
  '--bind-address=127.0.0.1',
  '--innodb-buffer-pool-size=128M',
  // A killed server loses nothing by this; only a power cut could.
  '--innodb-flush-log-at-trx-commit=2',
  '--skip-name-resolve',
  '--max-connections=1000',
];

/** Reachable from every address, because the server does not resolve 127.0.0.1 to localhost. */
export const CREATE_ROOT = [
  "create user root@'%';",
  "grant all privileges on *.* to root@'%' with grant option;",
];

/** mysqld and mariadbd refuse to run as root unless told so. */
export const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : [];
