import { UnknownShardError } from './context-errors.ts';
import type {
  Endpoint,
  Server,
  ServerDefinition,
  Shard,
  ShardDefinition,
  TopologyDefinition,
  TopologyPart,
} from './topology-definition.ts';
import { TenantNames } from './tenant-names.ts';
import { TopologyInvalidError, topologyProblems } from './topology-problems.ts';

const DEFAULT_PORT = 3306;
const DEFAULT_MAX_CONNECTIONS = 20;
const OLDEST = { mysql: '8.4.0', mariadb: '10.11.0' } as const;

/**
 * The declared servers and shards of one fleet. Validated as a whole, also when shards are added
 * while running: a refused addition changes nothing.
 */
export class Topology {
  readonly fleet: string;
  readonly regions: readonly string[];
  /** The names that tenants may have; the data source narrows them to those its columns can store. */
  readonly tenantNames: TenantNames;
  #definition: TopologyDefinition;
  #servers = new Map<string, Server>();
  #shards = new Map<string, Shard>();
  readonly #listeners = new Set<(added: readonly Shard[]) => void>();

  /** @throws TopologyInvalidError naming every field that is wrong */
  constructor(definition: TopologyDefinition) {
    this.fleet = definition.fleet;
    this.regions = Object.freeze([...(definition.regions ?? [])]);
    this.#definition = { ...definition, servers: [], shards: [] };
    this.add(definition);
    this.tenantNames = new TenantNames(definition.tenantNames);
  }

  /** All shards, in the order of declaration. A snapshot: safe to keep while shards are added. */
  get shards(): readonly Shard[] {
    return [...this.#shards.values()];
  }

  /** All servers, in the order of declaration. */
  get servers(): readonly Server[] {
    return [...this.#servers.values()];
  }

  /** The shard of that name. @throws UnknownShardError */
  shard(name: string): Shard {
    const shard = this.#shards.get(name);
    if (shard === undefined) {
      throw new UnknownShardError('use a shard', name, [...this.#shards.keys()]);
    }
    return shard;
  }

  /** True when the topology declares that shard. */
  has(name: string): boolean {
    return this.#shards.has(name);
  }

  /**
   * Declares further servers and shards while running. A data source over this topology may object
   * (engines mixed, an entity without an id strategy): its error is thrown, and nothing was added.
   * @throws TopologyInvalidError naming every field that is wrong; nothing was added
   */
  add(part: TopologyPart): void {
    const definition = merge(this.#definition, part);
    const problems = topologyProblems(definition);
    if (problems.length > 0) throw new TopologyInvalidError(problems);
    const before = [this.#definition, this.#servers, this.#shards] as const;
    this.#definition = definition;
    this.#servers = new Map(this.#servers);
    for (const server of part.servers ?? []) this.#servers.set(server.name, complete(server));
    const added = (part.shards ?? []).map((shard) => this.#complete(shard));
    this.#shards = new Map([
      ...this.#shards,
      ...added.map((shard) => [shard.name, shard] as const),
    ]);
    try {
      for (const listener of [...this.#listeners]) listener(added);
    } catch (error) {
      [this.#definition, this.#servers, this.#shards] = before;
      throw error;
    }
  }

  /**
   * Calls `listener` with the shards of each later addition. If it throws, the addition is refused with
   * its error. Returns a function that removes the listener.
   */
  onAdded(listener: (added: readonly Shard[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #complete(shard: ShardDefinition): Shard {
    return Object.freeze({
      fleet: this.fleet,
      name: shard.name,
      ordinal: shard.ordinal,
      server: this.#servers.get(shard.server) as Server,
      database: shard.database,
      weight: shard.weight ?? 1,
      tags: Object.freeze([...(shard.tags ?? [])]),
      draining: shard.draining ?? false,
      session: Object.freeze({ ...this.#definition.session }),
    });
  }
}

/**
 * Declares a fleet.
 * @throws TopologyInvalidError naming every field that is wrong
 */
export function defineTopology(definition: TopologyDefinition): Topology {
  return new Topology(definition);
}

function merge(definition: TopologyDefinition, part: TopologyPart): TopologyDefinition {
  return {
    ...definition,
    servers: [...(definition.servers ?? []), ...(part.servers ?? [])],
    shards: [...(definition.shards ?? []), ...(part.shards ?? [])],
  };
}

function complete(server: ServerDefinition): Server {
  return Object.freeze({
    name: server.name,
    region: server.region,
    engine: server.engine,
    minVersion: server.minVersion ?? OLDEST[server.engine],
    writer: listening(server.writer),
    readers: Object.freeze((server.readers ?? []).map(listening)),
    maxConnections: server.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    credentials: server.credentials,
    tls: server.tls && Object.freeze({ ...server.tls }),
  });
}

function listening(endpoint: Endpoint): Required<Endpoint> {
  return Object.freeze({ host: endpoint.host, port: endpoint.port ?? DEFAULT_PORT });
}
