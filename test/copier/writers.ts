import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, ResultSetHeader } from 'mysql2/promise';

/** What writers were told by the server: the rows as they must be in the end, and every error. */
export interface Acknowledged {
  readonly values: ReadonlyMap<number, number>;
  readonly deleted: ReadonlySet<number>;
  readonly errors: readonly string[];
  readonly writes: number;
  readonly longestMs: number;
}

/**
 * Applications that insert, update and delete rows of `table (id AUTO_INCREMENT, v INT)`, each
 * writer in rows of its own, with prepared statements, until they are stopped.
 */
export class Writers {
  readonly #values = new Map<number, number>();
  readonly #deleted = new Set<number>();
  readonly #errors: string[] = [];
  #writes = 0;
  #longestMs = 0;
  #stopped = false;
  #running: Promise<void>[] = [];

  /** `rows` are there already: ids 1 to rows, each with v = 0. */
  static start(
    connect: () => Promise<Connection>,
    { table, rows, writers }: { table: string; rows: number; writers: number },
  ): Writers {
    const all = new Writers();
    for (let writer = 0; writer < writers; writer++) {
      const own = Array.from({ length: rows }, (_, i) => i + 1).filter(
        (id) => id % writers === writer,
      );
      all.#running.push(all.#write(connect, table, own));
    }
    return all;
  }

  get writes(): number {
    return this.#writes;
  }

  async stop(): Promise<Acknowledged> {
    this.#stopped = true;
    await Promise.all(this.#running);
    return {
      values: this.#values,
      deleted: this.#deleted,
      errors: this.#errors,
      writes: this.#writes,
      longestMs: this.#longestMs,
    };
  }

  async #write(connect: () => Promise<Connection>, table: string, own: number[]): Promise<void> {
    const connection = await connect();
    try {
      for (let n = 1; !this.#stopped; n++) {
        const startedAt = performance.now();
        try {
          await this.#once(connection, { table, own, n });
          this.#writes++;
        } catch (error) {
          const { errno, message } = error as { errno?: number; message: string };
          this.#errors.push(`${errno} ${message}`);
        }
        this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt);
        await sleep(1);
      }
    } finally {
      await connection.end();
    }
  }

  async #once(
    connection: Connection,
    { table, own, n }: { table: string; own: number[]; n: number },
  ): Promise<void> {
    const id = own[Math.floor(Math.random() * own.length)];
    if (n % 5 === 0 || id === undefined) {
      const sql = `INSERT INTO ${table} (v) VALUES (?)`;
      const [{ insertId }] = await connection.execute<ResultSetHeader>(sql, [n]);
      own.push(insertId);
      this.#values.set(insertId, n);
    } else if (n % 11 === 0) {
      await connection.execute(`DELETE FROM ${table} WHERE id = ?`, [id]);
      own.splice(own.indexOf(id), 1);
      this.#values.delete(id);
      this.#deleted.add(id);
    } else {
      await connection.execute(`UPDATE ${table} SET v = ? WHERE id = ?`, [n, id]);
      this.#values.set(id, n);
    }
  }
}
