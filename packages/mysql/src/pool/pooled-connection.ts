import type { Shard } from '@switchyard/shard-context';
import type { Connection as CallbackConnection, FieldPacket } from 'mysql2';
import type { Connection } from 'mysql2/promise';
import type { ServerFacts } from '../server/server-facts.ts';

/** Step of interleaved ids: every shard's ids are its ordinal modulo this. */
export const ID_STEP = 1024;

/** The callback connection inside a promise connection of mysql2; its typings leave it out. */
interface Wrapping {
  readonly connection: CallbackConnection & {
    reset(done: (error: Error | null) => void): void;
  };
}

/** Rows as lists of values, in the order of the fields. */
export interface CompiledRows {
  readonly rows: readonly (readonly unknown[])[];
  readonly fields: readonly FieldPacket[];
}

/** The server has forgotten a prepared statement (1243), or must prepare it again after DDL (1615). */
const MUST_PREPARE_AGAIN = [1243, 1615];

/** What a connection needs of its pool. */
export interface ConnectionPool {
  takeBack(connection: PooledConnection): void;
  closeIdle(): void;
}

/**
 * One physical connection of a pool, checked and set up. It has the few methods that TypeORM's
 * MySQL runner calls on a pooled connection, and remembers what user code did to the session.
 */
export class PooledConnection {
  /** True once user code changed the session: it is reset before anybody else gets it. */
  tainted = false;
  /** True once the connection may not be used again; it is closed when it comes back. */
  broken = false;
  /** True while the session refuses writes by itself (SET SESSION TRANSACTION READ ONLY). */
  readOnlySession = false;
  /** When it last came back, in ms of the pool's clock. */
  idleSince = 0;
  /** Pools count generations: one that was closed in the meantime does not take it back. */
  readonly generation: number;
  readonly facts: ServerFacts;
  readonly #connection: Connection;
  readonly #pool: ConnectionPool;

  constructor(
    connection: Connection,
    about: { facts: ServerFacts; generation: number },
    pool: ConnectionPool,
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
      if (!prepared || !MUST_PREPARE_AGAIN.includes((error as { errno?: number }).errno ?? 0)) {
        throw error;
      }
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

  /** Says good-bye and closes; a broken one is closed at once. Never rejects. */
  async close(): Promise<void> {
    if (this.broken) return this.#connection.destroy();
    this.broken = true;
    await this.#connection.end().catch(() => this.#connection.destroy());
  }

  /** Brings the session back to what a new connection has. @throws whatever the driver reports */
  async reset(shard: Shard, charset: string | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#callbacks.reset((error) => (error === null ? resolve() : reject(error)));
    });
    await prepareSession(this.#connection, shard, charset ?? DEFAULT_CHARSET);
    this.tainted = false;
    this.readOnlySession = false;
  }

  get #callbacks(): Wrapping['connection'] {
    return (this.#connection as unknown as Wrapping).connection;
  }
}

/** What mysql2 asks for when no charset is given. */
const DEFAULT_CHARSET = 'UTF8MB4_UNICODE_CI';

/**
 * Sets what every session of a shard has: ids congruent to the shard's ordinal. A reset loses that
 * and the log-in's character set; `charset` (mysql2's name of a collation) sets the latter again.
 */
export async function prepareSession(
  connection: Connection,
  shard: Shard,
  charset?: string,
): Promise<void> {
  const collation = charset?.toLowerCase().replaceAll(/[^a-z0-9_]/g, '');
  const names =
    collation === undefined ? '' : `NAMES ${collation.split('_')[0]} COLLATE ${collation}, `;
  await connection.query(
    `SET ${names}SESSION auto_increment_increment = ?, SESSION auto_increment_offset = ?`,
    [ID_STEP, shard.ordinal],
  );
}
