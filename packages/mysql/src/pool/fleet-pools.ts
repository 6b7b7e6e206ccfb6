import { isSwitchyardError, type LockFile, type Role, type Shard } from '@switchyard/shard-context';
import type { PooledConnection } from './pooled-connection.ts';
import { ServerSlots } from './server-slots.ts';
import { ConnectionPool, type PoolOptions } from './connection-pool.ts';
import { shardTarget } from './shard-target.ts';

/** The pools of one shard: its writer and its readers, each made at the first use. */
interface ShardPools {
  readonly writer: ConnectionPool;
  readonly readers: readonly ConnectionPool[];
}

/** A connection and the role of the endpoint that it leads to. */
export interface Acquired {
  readonly connection: PooledConnection;
  readonly role: Role;
}

/**
 * All pools of one data source. A shard gets its pools at its first query, once, also when many
 * ask at the same time; the shards of one server share its cap.
 */
export class FleetPools {
  readonly #lockFile: LockFile;
  readonly #options: PoolOptions;
  readonly #pools = new Map<string, ShardPools>();
  readonly #slots = new Map<string, ServerSlots>();
  #turn = 0;

  constructor(lockFile: LockFile, options: PoolOptions = {}) {
    this.#lockFile = lockFile;
    this.#options = options;
  }

  /**
   * A connection of the shard. A reader that fails is passed over for the next one, and all of them
   * for the writer, where every read is right.
   * @throws what `ConnectionPool.acquire` throws for the writer
   */
  async acquire(shard: Shard, role: Role): Promise<Acquired> {
    const { writer, readers } = this.#poolsOf(shard);
    if (role === 'reader') {
      for (let tried = 0; tried < readers.length; tried += 1) {
        const reader = readers[this.#turn++ % readers.length] as ConnectionPool;
        const connection = await reader.acquire().catch(unlessOurs);
        if (connection !== undefined) return { connection, role };
      }
    }
    return { connection: await writer.acquire(), role: 'writer' };
  }

  /** Open and idle connections of a shard's writer; zeros before its first query. */
  stateOf(shard: Shard): { readonly open: number; readonly idle: number } {
    const writer = this.#pools.get(shard.name)?.writer;
    return { open: writer?.size ?? 0, idle: writer?.idle ?? 0 };
  }

  /** Closes all connections, those in use too; see `ConnectionPool.close`. */
  async close(): Promise<void> {
    const all = [...this.#pools.values()].flatMap(({ writer, readers }) => [writer, ...readers]);
    this.#pools.clear();
    await Promise.all(all.map((pool) => pool.close()));
  }

  #poolsOf(shard: Shard): ShardPools {
    const known = this.#pools.get(shard.name);
    if (known !== undefined) return known;
    const { writer, readers } = shard.server;
    const pools: ShardPools = {
      writer: this.#pool(shard, writer, 'writer'),
      readers: readers.map((endpoint) => this.#pool(shard, endpoint, 'reader')),
    };
    this.#pools.set(shard.name, pools);
    return pools;
  }

  #pool(shard: Shard, endpoint: { host: string; port: number }, role: Role): ConnectionPool {
    const key = `${shard.server.name} ${role} ${endpoint.host}:${endpoint.port}`;
    let slots = this.#slots.get(key);
    if (slots === undefined) {
      slots = new ServerSlots(shard.server.maxConnections);
      this.#slots.set(key, slots);
    }
    const at = { shard, endpoint, role, lockFile: this.#lockFile };
    return new ConnectionPool(shardTarget(at, this.#options), slots, this.#options);
  }
}

/** A reader's failure is known and passed over; a mistake of ours is not. */
function unlessOurs(error: unknown): undefined {
  if (!isSwitchyardError(error)) throw error;
  return undefined;
}
