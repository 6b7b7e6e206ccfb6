import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { ShadowCopyOptions } from '@switchyard/copier';
import { freshDatabase, type FreshDatabase, type MysqlServer } from '../support/servers/index.ts';

/** A database of one test with tables that are copied while others write to them. */
export class CopiedTable {
  readonly database: FreshDatabase;
  readonly connection: Connection;

  private constructor(database: FreshDatabase, connection: Connection) {
    this.database = database;
    this.connection = connection;
  }

  static async start(server: MysqlServer, prefix: string): Promise<CopiedTable> {
    const database = await freshDatabase(server, prefix);
    return new CopiedTable(database, await createConnection(database.url));
  }

  connect = (): Promise<Connection> => createConnection(this.database.url);

  /** Options of a copy of `table` with these clauses. */
  options(table: string, alter: readonly string[]): ShadowCopyOptions {
    return { connect: this.connect, table, alter };
  }

  async run(...statements: string[]): Promise<void> {
    for (const sql of statements) await this.connection.query(sql);
  }

  async rows(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>({ sql, values, dateStrings: true });
    return rows.map((row) => ({ ...row }));
  }

  /** Rows with ids 1 to `count` and v = 0, by `INSERT INTO table (id, v, pad)`. */
  async fill(table: string, count: number): Promise<void> {
    for (let first = 1; first <= count; first += 5_000) {
      const ids = Array.from({ length: Math.min(5_000, count - first + 1) }, (_, i) => first + i);
      const rows = ids.map((id) => [id, 0, 'x'.repeat(80)]);
      await this.connection.query(`INSERT INTO ${table} (id, v, pad) VALUES ?`, [rows]);
    }
  }

  /** The columns of a table, hidden ones included. */
  async columns(table: string): Promise<string[]> {
    const found = await this.rows(
      'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION',
      [table],
    );
    return found.map(({ name }) => String(name));
  }

  /** All rows as the server holds them, in no order: bytes, times as UTC, floats by all digits. */
  async exact(table: string, columns: readonly string[]): Promise<string[]> {
    const floats = await this.rows(`SHOW COLUMNS FROM ${table} WHERE Type LIKE 'float%'`);
    const list = columns.map((name) => {
      const column = `\`${name.replaceAll('`', '``')}\``;
      return floats.some(({ Field }) => Field === name) ? `${column} + 0e0` : column;
    });
    await this.run("SET time_zone = '+00:00', character_set_results = NULL");
    const [rows] = await this.connection.query<RowDataPacket[]>({
      sql: `SELECT ${list.join(', ')} FROM ${table}`,
      rowsAsArray: true,
      typeCast: (field) => field.buffer()?.toString('hex') ?? null,
    });
    await this.run('SET NAMES utf8mb4');
    return rows.map((row) => JSON.stringify(row)).sort();
  }

  /** Everything that a copy makes beside a table: empty when nothing was left behind. */
  async leftovers(): Promise<string[]> {
    const tables = await this.rows(
      "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '%~%'",
    );
    const triggers = await this.rows(
      "SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME LIKE '%~%'",
    );
    return [...tables, ...triggers].map(({ name }) => String(name));
  }

  async stop(): Promise<void> {
    await this.connection.end();
    await this.database.drop();
  }
}
