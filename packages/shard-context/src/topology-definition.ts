import type { TenantNamesDefinition } from './tenant-names.ts';

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  /** TCP port. Default 3306. */
  readonly port?: number;
}

/** What a new physical connection logs in with. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The database product a server runs; capability flags come from it and `minVersion`. */
export type Engine = 'mysql' | 'mariadb';

/** One MySQL-protocol server process behind one or more shards, as declared. */
export interface ServerDefinition {
  readonly name: string;
  /** One of the topology's regions. */
  readonly region: string;
  readonly engine: Engine;
  /** The oldest version this server may be, `8.4.0` or `10.11.0`. Default: 8.4.0 / 10.11.0. */
  readonly minVersion?: string;
  /** Takes writes, and every read that asks for no reader. */
  readonly writer: Endpoint;
  /** Servers that copy the writer. Default: none. */
  readonly readers?: readonly Endpoint[];
  /** Most connections that this process opens to the server, over all its shards. Default 20. */
  readonly maxConnections?: number;
  /**
   * Asked for each new physical connection, so that passwords rotate without a restart. Its answer
   * is never stored or logged.
   */
  readonly credentials: () => Credentials | Promise<Credentials>;
}

/** One database holding a slice of the rows, as declared. */
export interface ShardDefinition {
  readonly name: string;
  /** 1 to 1023, unique in the fleet and never reused: the offset of interleaved ids. */
  readonly ordinal: number;
  /** Name of the server that holds it. */
  readonly server: string;
  readonly database: string;
  /** Share of new tenants it gets beside its siblings. Default 1; 0 for none. */
  readonly weight?: number;
  readonly tags?: readonly string[];
  /** True where no new tenants are to be assigned. Default false. */
  readonly draining?: boolean;
}

/** Servers and shards to declare, at the start or while running. */
export interface TopologyPart {
  readonly servers?: readonly ServerDefinition[];
  readonly shards?: readonly ShardDefinition[];
}

/** The declared fleet. */
export interface TopologyDefinition extends TopologyPart {
  /** Name of the fleet: in every global ID, job envelope and shard identity. */
  readonly fleet: string;
  /** The regions that servers and tenants may name. */
  readonly regions: readonly string[];
  /** The names that tenants may have. Default: `[a-z0-9][a-z0-9._:-]{0,62}`. */
  readonly tenantNames?: TenantNamesDefinition;
}

/** A declared server with its defaults filled in. */
export type Server = Readonly<Required<Omit<ServerDefinition, 'writer' | 'readers'>>> & {
  readonly writer: Required<Endpoint>;
  readonly readers: readonly Required<Endpoint>[];
};

/** A declared shard with its defaults filled in and its server at hand. */
export type Shard = Readonly<Required<Omit<ShardDefinition, 'server'>>> & {
  readonly fleet: string;
  readonly server: Server;
};
