import { escapeIdentifier, SYSTEM_TABLES } from '@switchyard/mysql/internal';
import type { Table } from 'typeorm';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';

/**
 * TypeORM's runner, except that `getTables()` without names means those of the shard's database:
 * TypeORM lists all databases of the server, and other shards may be among them. `clearDatabase()`,
 * which `dropDatabase()` and `synchronize(true)` call, leaves Switchyard's system tables: without
 * them every connection to the shard is refused.
 */
export class OwnTablesQueryRunner extends MysqlQueryRunner {
  override async getTables(names?: string[]): Promise<Table[]> {
    return super.getTables(names ?? (await this.#tablesHere()));
  }

  override async clearDatabase(database = this.driver.database ?? ''): Promise<void> {
    const views = await this.#names(database, '=');
    const tables = await this.#names(database, '<>');
    const drop = (kind: string, name: string) =>
      this.query(`DROP ${kind} IF EXISTS ${escapeIdentifier(database)}.${escapeIdentifier(name)}`);
    for (const name of views) await drop('VIEW', name);
    await this.query('SET FOREIGN_KEY_CHECKS = 0');
    try {
      for (const name of tables) {
        if (!SYSTEM_TABLES.includes(name)) await drop('TABLE', name);
      }
    } finally {
      await this.query('SET FOREIGN_KEY_CHECKS = 1');
    }
  }

  async #names(database: string, isView: '=' | '<>'): Promise<string[]> {
    const rows = (await this.query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES ' +
        `WHERE TABLE_SCHEMA = ? AND TABLE_TYPE ${isView} 'VIEW'`,
      [database] as never,
    )) as { name: string }[];
    return rows.map(({ name }) => name);
  }

  async #tablesHere(): Promise<string[]> {
    const rows = (await this.query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES ' +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
    )) as { name: string }[];
    return rows.map(({ name }) => name);
  }
}
