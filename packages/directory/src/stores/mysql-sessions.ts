import {
  ConnectionPool,
  isConnectionLost,
  logIn,
  ServerSlots,
  type LoginServer,
  type OpenOptions,
  type PooledConnection,
} from '@switchyard/mysql/internal';
import type { Endpoint } from '@switchyard/shard-context';
import type { ResultSetHeader, RowDataPacket } from 'mysql2/promise';

/** What a statement answers. */
type MySqlAnswer = RowDataPacket[] & ResultSetHeader;

/** A value that a statement binds. */
type MySqlValue = string | number | Buffer | null;

/** Lets callers run statements on one connection. */
export interface MySqlSession {
  /** Prepared on the server, once per connection and text. */
  execute(sql: string, values?: MySqlValue[]): Promise<MySqlAnswer>;
}

/** Where the sessions lead. */
export interface SessionsTarget {
  readonly server: LoginServer & { readonly writer: Endpoint };
  readonly database: string;
  /** Most connections at once. */
  readonly maxConnections: number;
  readonly open: OpenOptions;
}

/**
 * A few connections of the pool that shards use too. Given up with their caller's signal, so that a
 * server that hangs holds no more than `maxConnections` of them.
 */
export class MySqlSessions {
  readonly #pool: ConnectionPool;

  constructor({ server, database, maxConnections, open }: SessionsTarget) {
    const target = { server, endpoint: server.writer, database };
    this.#pool = new ConnectionPool(
      {
        open: async () => ({ connection: await logIn(target, open), facts: undefined }),
        restore: () => Promise.resolve(),
        explain: (cause) => cause as Error,
        isStranger: () => false,
        pausesOthers: isConnectionLost, // not a database that is about to be made
        timeout: (waitedMs) => new Error(`no connection came free in ${waitedMs} ms`),
        closed: () => new Error('the store was closed'),
      },
      new ServerSlots(maxConnections),
      { acquireTimeoutMs: Infinity }, // callers have deadlines of their own
    );
  }

  /**
   * Runs `fn` on a connection. Where one that had worked before turns out to be dead, `fn` runs
   * once more on a new one: it must be safe to repeat.
   */
  async use<T>(fn: (session: MySqlSession) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const pooled = await this.#pool.acquire(signal);
    const used = pooled.idleSince > 0;
    try {
      return await run(pooled, fn, signal);
    } catch (error) {
      if (!used || !isConnectionLost(error) || signal?.aborted === true) throw error;
      this.#pool.closeIdle(); // as old, so probably as dead
      return run(await this.#pool.acquire(signal), fn, signal);
    }
  }

  /** Ends the idle connections; those in use end when they are given back. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

async function run<T>(
  pooled: PooledConnection,
  fn: (session: MySqlSession) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const connection = pooled.promise();
  const aborted = whenAborted(signal);
  try {
    const answer = fn({
      execute: async (sql, values = []) => (await connection.execute<MySqlAnswer>(sql, values))[0],
    });
    return await Promise.race([answer, aborted.promise]);
  } catch (error) {
    if (isConnectionLost(error) || signal?.aborted === true) pooled.broken = true;
    throw error;
  } finally {
    aborted.forget();
    pooled.release();
  }
}

/** Rejects with the signal's reason: the driver tells nothing of a statement that it gave up. */
function whenAborted(signal: AbortSignal | undefined) {
  let forget = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const listener = () => reject(signal?.reason as Error);
    signal?.addEventListener('abort', listener, { once: true });
    forget = () => signal?.removeEventListener('abort', listener);
  });
  return { promise, forget };
}
