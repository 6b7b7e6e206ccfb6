import { transactionAgeMs } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { LockHolder } from '../fence/fence-errors.ts';

const AGE = `${transactionAgeMs('t.trx_started')} AS ageMs`;

/** MySQL shows every lock that is held, also while no one waits for it; bytes of a key in hex. */
const MYSQL_HELD = `SELECT t.trx_mysql_thread_id AS thread, ${AGE}
  FROM performance_schema.data_locks l
  JOIN information_schema.innodb_trx t ON t.trx_id = l.engine_transaction_id
  WHERE l.object_schema = DATABASE() AND l.object_name = 'shard_tenant'
    AND l.lock_type = 'RECORD' AND l.lock_status = 'GRANTED'
    AND SUBSTRING_INDEX(l.lock_data, ',', 1) = CONCAT('0x', HEX(?))
    AND t.trx_mysql_thread_id <> ?`;

/** MariaDB shows only who blocks someone that waits; so it can be asked only while we wait. */
const MARIADB_BLOCKING = `SELECT t.trx_mysql_thread_id AS thread, ${AGE}
  FROM information_schema.innodb_lock_waits w
  JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id
  JOIN information_schema.innodb_trx t ON t.trx_id = w.blocking_trx_id
  WHERE r.trx_mysql_thread_id = ?`;

const STILL_OPEN = `SELECT t.trx_mysql_thread_id AS thread, ${AGE}
  FROM information_schema.innodb_trx t WHERE t.trx_mysql_thread_id IN (?)`;

/** Who holds a tenant's row, as far as the server and the user's rights show it. */
export class LockHolders {
  readonly #connection: Connection;
  readonly #engine: 'mysql' | 'mariadb';
  readonly #tenant: string;

  /** `connection` must be another one than that which waits. */
  constructor(connection: Connection, engine: 'mysql' | 'mariadb', tenant: string) {
    this.#connection = connection;
    this.#engine = engine;
    this.#tenant = tenant;
  }

  /** Holders while `waiter` does not wait; undefined where the server does not show them. */
  async held(waiter: number): Promise<readonly LockHolder[] | undefined> {
    if (this.#engine === 'mariadb') return undefined;
    return this.#ask(MYSQL_HELD, [Buffer.from(this.#tenant), waiter]);
  }

  /** Holders while `waiter` waits for them; undefined where the server does not show them. */
  async blocking(waiter: number): Promise<readonly LockHolder[] | undefined> {
    if (this.#engine === 'mysql') return this.held(waiter);
    return this.#ask(MARIADB_BLOCKING, [waiter]);
  }

  /** Those of `seen` whose transaction is still open, as far as the server shows them. */
  async stillOpen(seen: readonly LockHolder[]): Promise<readonly LockHolder[]> {
    if (seen.length === 0) return [];
    const threads = seen.map(({ thread }) => thread);
    return (await this.#ask(STILL_OPEN, [threads])) ?? [];
  }

  async #ask(sql: string, values: unknown[]): Promise<readonly LockHolder[] | undefined> {
    try {
      const [rows] = await this.#connection.query<RowDataPacket[]>(sql, values);
      const holders = rows.map((row) => ({
        thread: Number(row['thread']),
        ageMs: Math.round(Number(row['ageMs'])),
      }));
      return holders.sort((a, b) => b.ageMs - a.ageMs);
    } catch {
      return undefined; // the user may not look (PROCESS): go by time alone
    }
  }
}
