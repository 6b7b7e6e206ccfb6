import type { EngineName } from './mysql-engine.ts';
import type { ServerControl } from './program.ts';

/** A MySQL-protocol server that tests may fill with databases; `user` may do everything there. */
export interface MysqlServer {
  readonly name: string;
  readonly engine: EngineName;
  /** As the server says it: `10.11.19-MariaDB-0+deb12u1`, `9.7.4-2`. */
  readonly version: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** `mysql://root@127.0.0.1:20001`, without a database. */
  readonly url: string;
}

/** A server that belongs to one test, which may kill, pause and restart it. */
export type PrivateMysqlServer = MysqlServer & ServerControl;

/** Where a private server differs from the usual one. */
export interface MysqlServerOptions {
  /** Default `mysql`. Shows in messages. */
  readonly name?: string;
  /** Further server options: `['--log-bin', '--server-id=7']`. Later ones win. */
  readonly args?: readonly string[];
  /** Zone of the machine that the server sees (`TZ`): `Asia/Tokyo`. Default: the machine's own. */
  readonly machineZone?: string;
  /** Default: what `SWITCHYARD_ENGINE` says, else MariaDB. */
  readonly engine?: EngineName;
}
