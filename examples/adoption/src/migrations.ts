import type { MigrationInterface, QueryRunner } from 'typeorm';

const FIRST = 1700000000000;

/** Years of work in short: two tables, then columns and indexes, one migration each. */
const STATEMENTS: readonly string[] = [
  'CREATE TABLE customer (id VARCHAR(40) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
  `CREATE TABLE invoice (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id VARCHAR(40) NOT NULL, cents INT NOT NULL, KEY by_customer (customer_id))`,
  ...Array.from({ length: 19 }, (_, i) => `ALTER TABLE customer ADD COLUMN field${i} INT NULL`),
  ...Array.from({ length: 18 }, (_, i) => `ALTER TABLE invoice ADD COLUMN field${i} INT NULL`),
  'CREATE INDEX by_cents ON invoice (cents)',
];

/** Ordinary TypeORM migrations; generated here, where an application has forty files. */
export const migrations = STATEMENTS.map((sql, i) => migrationOf(`Step${i + 1}x${FIRST + i}`, sql));

function migrationOf(name: string, sql: string): new () => MigrationInterface {
  return class {
    readonly name = name;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(sql);
    }

    async down(): Promise<void> {
      // No one went back.
    }
  };
}
