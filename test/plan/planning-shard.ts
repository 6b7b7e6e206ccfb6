import { createConnection, type Connection } from 'mysql2/promise';
import {
  createPlanner,
  loadMigrations,
  type MigrationClass,
  type PlannerOptions,
  type ShardPlan,
} from '@switchyard/migrator';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { freshDatabase, mysqlServers, type FreshDatabase } from '../support/servers/index.ts';

/** A shard of one test: a database, and a connection that only the test uses. */
export interface PlanningShard {
  readonly name: string;
  readonly database: FreshDatabase;
  readonly connection: Connection;
  readonly engine: 'mysql' | 'mariadb';
  run(...statements: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Makes a shard on the `ordinal`th server of the run (from 0) and runs `statements` there. */
export async function planningShard(
  name: string,
  ordinal = 0,
  ...statements: readonly string[]
): Promise<PlanningShard> {
  const servers = await mysqlServers(ordinal + 1);
  const server = servers[ordinal]!;
  const database = await freshDatabase(server, `plan_${name}`);
  const connection = await connectTo(database);
  const run = async (...list: readonly string[]) => {
    for (const statement of list) await connection.query(statement);
  };
  await run(...statements);
  const close = async () => {
    await connection.end();
    await database.drop();
  };
  return { name, database, connection, engine: server.engine, run, close };
}

/** A further connection to the shard's database. */
export async function connectTo({ server, name }: FreshDatabase): Promise<Connection> {
  const { host, port, user, password } = server;
  return createConnection({ host, port, user, password, database: name });
}

/** What a migration does, as its `up`. */
export type Up = (queryRunner: QueryRunner) => Promise<unknown>;

/** An ordinary migration class whose `up` is given. */
export function migrationOf(
  name: string,
  up: Up,
  down: Up = async () => undefined,
): MigrationClass {
  return class implements MigrationInterface {
    name = name;
    async up(queryRunner: QueryRunner): Promise<void> {
      await up(queryRunner);
    }
    async down(queryRunner: QueryRunner): Promise<void> {
      await down(queryRunner);
    }
  };
}

/** Plans one migration that sends `sql`, or does what `sql` does, for one shard. */
export async function planned(
  shard: PlanningShard,
  sql: string | readonly string[] | Up,
  options: PlannerOptions = {},
): Promise<ShardPlan> {
  const statements = typeof sql === 'string' ? [sql] : sql;
  const up: Up =
    typeof statements === 'function'
      ? statements
      : async (queryRunner) => {
          for (const statement of statements) await queryRunner.query(statement);
        };
  const migrations = await loadMigrations([migrationOf('Planned1700000000001', up)]);
  const [plan] = await createPlanner(options).plan(
    { shard: shard.name, connection: shard.connection },
    { migrations },
  );
  return plan!;
}

/** Carries out a plan's steps as they stand. */
export async function carryOut(shard: PlanningShard, plan: ShardPlan): Promise<void> {
  for (const step of plan.steps) {
    if (step.path === 'already-there') continue;
    for (const [name, value] of Object.entries(step.session)) {
      await shard.connection.query(`SET SESSION ${name} = ?`, [value]);
    }
    await shard.connection.query(step.sql, [...step.parameters]);
    // Not DEFAULT: on MySQL 9.7 that leaves foreign_key_checks at 0.
    if ('foreign_key_checks' in step.session) await shard.run('SET SESSION foreign_key_checks = 1');
  }
}
