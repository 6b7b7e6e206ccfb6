import {
  createConnection,
  type Connection,
  type ConnectionOptions,
  type QueryError,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2';

/** What a statement answers. */
export type MySqlAnswer = RowDataPacket[] & ResultSetHeader;

/** A value that a statement binds. */
export type MySqlValue = string | number | Buffer | null;

/** Lets callers run statements on one connection. */
export interface MySqlSession {
  /** Prepared on the server, once per connection and text. */
  execute(sql: string, values?: MySqlValue[]): Promise<MySqlAnswer>;
}

interface Held {
  readonly connection: Connection;
  /** True once it has answered: a first failure may then be the server's idle timeout. */
  used: boolean;
}

/**
 * A few connections that are opened when they are needed, each with credentials of its own time:
 * mysql2's pool asks for the password once. Given up with their caller's signal, so that a server
 * that hangs holds no more than `max` of them.
 */
export class MySqlConnections {
  readonly #options: () => Promise<ConnectionOptions>;
  readonly #max: number;
  #idle: Held[] = [];
  #open = 0;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(options: () => Promise<ConnectionOptions>, max: number) {
    this.#options = options;
    this.#max = max;
  }

  /**
   * Runs `fn` on a connection. Where one that had worked before turns out to be dead, `fn` runs
   * once more on a new one: it must be safe to repeat.
   */
  async use<T>(fn: (session: MySqlSession) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const held = await this.#take(signal);
    try {
      return await this.#run(held, fn, signal);
    } catch (error) {
      if (!held.used || !isFatal(error) || signal?.aborted === true) throw error;
      for (const idle of this.#idle.splice(0)) this.#drop(idle); // as old, so probably as dead
      return this.#run(await this.#take(signal), fn, signal);
    }
  }

  /** Ends the idle connections; those in use end when they are given back. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const idle of this.#idle.splice(0)) this.#drop(idle, 'end');
  }

  async #run<T>(held: Held, fn: (session: MySqlSession) => Promise<T>, signal?: AbortSignal) {
    const { connection } = held;
    const giveUp = () => connection.destroy();
    signal?.addEventListener('abort', giveUp, { once: true });
    let alive = true;
    try {
      const answer = await fn({ execute: (sql, values) => execute(connection, sql, values) });
      held.used = true;
      return answer;
    } catch (error) {
      alive = !isFatal(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', giveUp);
      if (alive && signal?.aborted !== true) this.#giveBack(held);
      else this.#drop(held);
    }
  }

  async #take(signal?: AbortSignal): Promise<Held> {
    for (;;) {
      signal?.throwIfAborted();
      const idle = this.#idle.pop();
      if (idle !== undefined) return idle;
      if (this.#open < this.#max) return this.#connect(signal);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (signal?.aborted === true) this.#wake(); // it was given up: the next one's turn
    }
  }

  async #connect(signal?: AbortSignal): Promise<Held> {
    this.#open += 1;
    try {
      const connection = createConnection(await this.#options());
      const held = { connection, used: false };
      await connected(connection, signal);
      connection.on('error', () => this.#forget(held)); // ended by the server while idle
      return held;
    } catch (error) {
      this.#open -= 1;
      this.#wake();
      throw error;
    }
  }

  #giveBack(held: Held): void {
    if (this.#closed) return this.#drop(held, 'end');
    this.#idle.push(held);
    this.#wake();
  }

  #drop(held: Held, how: 'end' | 'destroy' = 'destroy'): void {
    if (how === 'end') held.connection.end();
    else held.connection.destroy();
    this.#open -= 1;
    this.#wake();
  }

  #forget(held: Held): void {
    const at = this.#idle.indexOf(held);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#drop(held);
  }

  #wake(): void {
    this.#waiting.shift()?.();
  }
}

function connected(connection: Connection, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      connection.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    connection.connect((error) => {
      signal?.removeEventListener('abort', giveUp);
      if (error) {
        connection.destroy();
        reject(error);
      } else resolve();
    });
  });
}

function execute(connection: Connection, sql: string, values: MySqlValue[] = []) {
  return new Promise<MySqlAnswer>((resolve, reject) => {
    connection.execute<MySqlAnswer>(sql, values, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}

function isFatal(error: unknown): boolean {
  return (error as Partial<QueryError> | null)?.fatal === true;
}
