import type { Table } from 'typeorm';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';

/**
 * TypeORM's runner, except that `getTables()` without names means those of the shard's database:
 * TypeORM lists all databases of the server, and other shards may be among them.
 */
export class OwnTablesQueryRunner extends MysqlQueryRunner {
  override async getTables(names?: string[]): Promise<Table[]> {
    return super.getTables(names ?? (await this.#tablesHere()));
  }

  async #tablesHere(): Promise<string[]> {
    const rows = (await this.query(
      'SELECT TABLE_NAME AS name FROM information_schema.TABLES ' +
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
    )) as { name: string }[];
    return rows.map(({ name }) => name);
  }
}
