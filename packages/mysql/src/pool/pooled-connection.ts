import type { Connection as CallbackConnection, FieldPacket } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import { isServerError, ServerError } from '../server/server-errors.ts';
import type { ServerFacts } from '../server/server-facts.ts';

/** The callback connection inside a promise connection of mysql2; its typings leave it out. */
interface Wrapping {
  readonly connection: CallbackConnection & {
    reset(done: (error: Error | null) => void): void;
    readonly stream: { destroy(): void };
  };
}

/** Rows as lists of values, in the order of the fields. */
export interface CompiledRows {
  readonly rows: readonly (readonly unknown[])[];
  readonly fields: readonly FieldPacket[];
}

/** The server has forgotten a prepared statement, or must prepare it again after DDL. */
const MUST_PREPARE_AGAIN = [ServerError.ER_UNKNOWN_STMT_HANDLER, ServerError.ER_NEED_REPREPARE];

/** What a connection needs of its pool. */
export interface HomePool {
  takeBack(connection: PooledConnection): void;
  closeIdle(): void;
}

/**
 * One physical connection of a pool, checked and set up. It has the few methods that TypeORM's
 * MySQL runner calls on a pooled connection, and remembers what user code did to the session.
 */
export class PooledConnection {
  /** True once user code changed the session: it is reset before anyone else gets it. */
  tainted = false;
  /** True once the connection may not be used again; it is closed when it comes back. */
  broken = false;
  /** True while the session refuses writes by itself (SET SESSION TRANSACTION READ ONLY). */
  readOnlySession = false;
  /** When it last came back, in ms of the pool's clock; 0 for one that has just been opened. */
  idleSince = 0;
  /** Pools count generations: one that was closed in the meantime does not take it back. */
  readonly generation: number;
  /** What its server said when it was opened; undefined where it was not asked. */
  readonly facts: ServerFacts | undefined;
  readonly #connection: Connection;
  readonly #pool: HomePool;

  constructor(
    connection: Connection,
    about: { facts: ServerFacts | undefined; generation: number },
    pool: HomePool,
  ) {
    this.#connection = connection;
    this.facts = about.facts;
    this.generation = about.generation;
    this.#pool = pool;
  }

  /** The connection's promise interface; made once, where mysql2's own method makes one a call. */
  promise(): Connection {
    return this.#connection;
  }

  /** The callback interface, for streams. */
  query(...args: Parameters<CallbackConnection['query']>): ReturnType<CallbackConnection['query']> {
    return this.#callbacks.query(...args);
  }

  /**
   * Runs one statement and gives its rows as lists of values, without an object per row. Prepared
   * statements are kept by the driver, per connection, up to `maxPreparedStatements`.
   */
  async rows(sql: string, values: readonly unknown[], prepared: boolean): Promise<CompiledRows> {
    try {
      return await this.#rows(sql, values, prepared);
    } catch (error) {
      if (!prepared || !isServerError(error, ...MUST_PREPARE_AGAIN)) throw error;
      this.#callbacks.unprepare(sql);
      return this.#rows(sql, values, prepared);
    }
  }

  #rows(sql: string, values: readonly unknown[], prepared: boolean): Promise<CompiledRows> {
    return new Promise((resolve, reject) => {
      const options = { sql, values: [...values], rowsAsArray: true };
      const done = (error: Error | null, rows: unknown, fields: FieldPacket[]): void => {
        if (error === null) resolve({ rows: rows as unknown[][], fields });
        else reject(error);
      };
      if (prepared)
        this.#callbacks.execute({ ...options, values: options.values as string[] }, done);
      else this.#callbacks.query(options, done);
    });
  }

  /** Gives it back to its pool. */
  release(): void {
    this.#pool.takeBack(this);
  }

  /** Notes that its server is not what it was when it was checked: all are checked anew. */
  suspectServer(): void {
    this.broken = true;
    this.#pool.closeIdle();
  }

  /** Gives up what is under way and closes at once, also where the server does not answer. */
  abandon(): void {
    this.broken = true;
    this.#connection.destroy();
    this.#callbacks.stream.destroy(); // mysql2 only ends its side, and waits for the server's
  }

  /**
   * Says good-bye after the statements under way and closes; a broken one is closed at once, and
   * with `withinMs` one whose statements take longer. Never rejects.
   */
  async close(withinMs?: number): Promise<void> {
    if (this.broken) return this.abandon();
    this.broken = true;
    const ended = this.#connection.end().catch(() => this.#connection.destroy());
    if (withinMs === undefined) return ended;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<true>((resolve) => (timer = setTimeout(resolve, withinMs, true)));
    if ((await Promise.race([ended, late])) === true) this.abandon();
    clearTimeout(timer);
  }

  /**
   * Brings the session back to what a new connection has: what the server gives, then `restore`.
   * @throws what the driver reports
   */
  async reset(restore: (connection: Connection) => Promise<void>): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#callbacks.reset((error) => (error === null ? resolve() : reject(error)));
    });
    await restore(this.#connection);
    this.tainted = false;
    this.readOnlySession = false;
  }

  get #callbacks(): Wrapping['connection'] {
    return (this.#connection as unknown as Wrapping).connection;
  }
}
