import type { SessionDefinition } from './session/session-definition.ts';
import type { TenantNamesDefinition } from './tenant-names.ts';

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  /** TCP port. Default 3306. */
  readonly port?: number;
}

/** A password: it is proved to the server, and never sent in clear text without TLS. */
export interface PasswordCredentials {
  readonly user: string;
  readonly password: string;
}

/**
 * A token that the server reads in clear text (`mysql_clear_password`), as log-ins of cloud vendors
 * need. Sent only where `tls` of the server verifies its certificate and its name; refused elsewhere.
 */
export interface CleartextCredentials {
  readonly user: string;
  readonly token: string;
  readonly cleartext: true;
}

/** How a new physical connection logs in. */
export type Credentials = PasswordCredentials | CleartextCredentials;

/** Certificates or keys, as text in the PEM format. */
export type Pem = string | Buffer | readonly (string | Buffer)[];

/** How every connection to a server is encrypted. `{}` verifies by the authorities of Node. */
export interface ServerTls {
  /** Authorities whose certificates are trusted. Default: those that Node ships. */
  readonly ca?: Pem;
  /** The client's certificate, where the server asks for one; with `key`. */
  readonly cert?: Pem;
  readonly key?: string | Buffer;
  /** Opens `key`. */
  readonly passphrase?: string;
  /** The name that the server's certificate must have. Default: the host of the endpoint. */
  readonly serverName?: string;
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /**
   * `full` (default) trusts a certificate of a known authority that has the server's name.
   * `authority-only` accepts any name: each holder of a certificate of that authority can then pose as
   * the server. `off` accepts any certificate: each attacker on the network path can pose as it.
   */
  readonly verify?: 'full' | 'authority-only' | 'off';
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
  /** Takes writes, and every read that does not ask for a reader. */
  readonly writer: Endpoint;
  /** Replicas of the writer. Default: none. */
  readonly readers?: readonly Endpoint[];
  /** Most connections that this process opens to the server, over all its shards. Default 20. */
  readonly maxConnections?: number;
  /**
   * Asked for each new physical connection, so that passwords rotate without a restart. Its answer
   * is never stored or logged.
   */
  readonly credentials: () => Credentials | Promise<Credentials>;
  /** Encrypts every connection to the server. Default: not encrypted. */
  readonly tls?: ServerTls;
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
  /** What every session of the application has, on every shard. */
  readonly session?: SessionDefinition;
}

/** A declared server with its defaults filled in. */
export type Server = Readonly<Required<Omit<ServerDefinition, 'writer' | 'readers' | 'tls'>>> & {
  readonly tls: ServerTls | undefined;
  readonly writer: Required<Endpoint>;
  readonly readers: readonly Required<Endpoint>[];
};

/** A declared shard with its defaults filled in and its server at hand. */
export type Shard = Readonly<Required<Omit<ShardDefinition, 'server'>>> & {
  readonly fleet: string;
  readonly server: Server;
  /** As the topology declares it; what it leaves out, the lock file or the default says. */
  readonly session: SessionDefinition;
};
