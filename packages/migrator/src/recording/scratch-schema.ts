import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import type { Connection, QueryResult, RowDataPacket } from 'mysql2/promise';
import { SYSTEM_TABLES } from '../ledger/system-tables.ts';
import { readDefinition, sameDefinition, sequencesOf } from './definition.ts';
import { readAsTypeorm } from './read-as-typeorm.ts';
import { readSequence } from './sequences.ts';
import {
  ScratchClosedError,
  ScratchRefusedError,
  TableNotMirroredError,
} from './scratch-errors.ts';
import type { ServerFacts } from '../server/server-facts.ts';

const PREFIX = 'switchyard_scratch_';
const STALE_MS = 3_600_000;
const DENIED = [
  ServerError.ER_DBACCESS_DENIED_ERROR,
  ServerError.ER_ACCESS_DENIED_ERROR,
  ServerError.ER_TABLEACCESS_DENIED_ERROR,
  ServerError.ER_SPECIFIC_ACCESS_DENIED_ERROR,
];

/**
 * A database beside the shard's that holds empty tables like the shard's own, in which a migration
 * can run and every way of running a clause be tried. Tables are mirrored when they are asked for.
 * It shares the shard's connection: each use of it takes its turn and says in which of the two
 * databases it is, and in the shard's nothing can be written.
 */
export class ScratchSchema {
  /** Unique on the server; never part of a statement for a shard. */
  readonly name = `${PREFIX}${Date.now().toString(36)}_${randomBytes(5).toString('hex')}`;
  /** Definitions on the shard of all tables that were asked for; undefined where there is none. */
  readonly seen = new Map<string, string | undefined>();
  /** True once it was asked which tables there are: a further one makes a difference. */
  sawAll = false;
  /** The shard's server and database. */
  readonly facts: ServerFacts;
  readonly #connection: Connection;
  readonly #shard: string;
  readonly #sequences = new Set<string>();
  readonly #checkpoint = new Map<string, string>();
  readonly #turns = pLimit(1);
  #at: 'scratch' | 'shard' | 'unknown' = 'unknown';
  #isClosed = false;
  #foreignKeyChecks = true;
  #shardTables: ReadonlySet<string> | undefined;

  private constructor(shard: string, connection: Connection, facts: ServerFacts) {
    this.facts = facts;
    this.#shard = shard;
    this.#connection = connection;
  }

  /**
   * Makes the scratch database and turns the connection to it, until `close`.
   * @throws ScratchRefusedError
   */
  static async open(
    shard: string,
    connection: Connection,
    facts: ServerFacts,
  ): Promise<ScratchSchema> {
    const scratch = new ScratchSchema(shard, connection, facts);
    await dropStale(connection);
    const charset = `CHARACTER SET ${facts.charset} COLLATE ${facts.collation}`;
    try {
      await connection.query(`CREATE DATABASE ${escapeIdentifier(scratch.name)} ${charset}`);
    } catch (error) {
      if (isServerError(error, ...DENIED)) throw new ScratchRefusedError(shard, error);
      throw error;
    }
    return scratch;
  }

  /** Turns the connection back to the shard and drops the scratch database. */
  async close(): Promise<void> {
    await this.#turns(async () => {
      this.#isClosed = true;
      await this.#goTo('shard');
      await this.#connection.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(this.name)}`);
    });
  }

  /** Runs a statement in the scratch database. */
  async query(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    return this.#inScratch(async (connection) => {
      const [result] = await connection.query<QueryResult>(sql, [...parameters]);
      return result;
    });
  }

  /** Answers a migration's read from the scratch database, in a transaction that cannot write. */
  async read(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    return this.#inScratch((connection) =>
      readOnly(connection, () => readAsTypeorm(connection, sql, parameters)),
    );
  }

  /** Rows of a query in the scratch database. */
  async rows<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.query(sql, parameters)) as Row[];
  }

  /** Runs `work` in the shard's own database, in a transaction that cannot write. */
  async atShard<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#turns(async () => {
      await this.#goTo('shard');
      return readOnly(this.#connection, () => work(this.#connection));
    });
  }

  /** Runs `work` with the connection while it is in the scratch database. */
  inScratch<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#inScratch(work);
  }

  async #inScratch<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#turns(async () => {
      await this.#goTo('scratch');
      return work(this.#connection);
    });
  }

  /** What follows must not run where the way there failed: it may be meant to change tables. */
  async #goTo(place: 'scratch' | 'shard'): Promise<void> {
    if (this.#isClosed && place === 'scratch') throw new ScratchClosedError(this.#shard);
    if (this.#at === place) return;
    this.#at = 'unknown';
    const database = place === 'scratch' ? this.name : this.facts.database;
    await this.#connection.query(`USE ${escapeIdentifier(database)}`);
    this.#at = place;
  }

  /** A text that names the scratch database, as it is meant: with the shard's own. */
  withShardName(text: string): string {
    return text.replaceAll(this.name, this.facts.database);
  }

  /** Names of the shard's tables. */
  async shardTables(): Promise<ReadonlySet<string>> {
    this.#shardTables ??= await this.atShard(readTableNames);
    return this.#shardTables;
  }

  /** Mirrors all tables of the shard, for questions that are not about a few of them. */
  async mirrorAll(): Promise<void> {
    this.sawAll = true;
    await this.mirror(await this.shardTables());
  }

  /**
   * Makes empty tables like the shard's own, where that was not done yet. Switchyard's own tables are
   * left out: migrations have nothing to do with them.
   * @throws TableNotMirroredError
   */
  async mirror(tables: Iterable<string>): Promise<void> {
    const wanted = [...new Set(tables)].filter(
      (table) => !this.seen.has(table) && !SYSTEM_TABLES.includes(table),
    );
    if (wanted.length === 0) return;
    const sequences = new Map<string, string>();
    const found = await this.atShard(async (connection) => {
      const definitions: [string, string | undefined][] = [];
      for (const table of wanted) {
        const definition = await readDefinition(connection, table);
        definitions.push([table, definition]);
        for (const name of sequencesOf(definition ?? '')) {
          sequences.set(name, await readSequence(connection, name));
        }
      }
      return definitions;
    });
    await this.#leniently(async () => {
      for (const [name, sql] of sequences) await this.#makeSequence(name, sql);
      for (const [table, definition] of found) {
        this.seen.set(table, definition);
        if (definition === undefined || (await this.definition(table)) !== undefined) continue;
        await this.#create(table, definition);
        this.#checkpoint.set(table, definition);
      }
    });
  }

  /** The table's definition as it is in the scratch database now. */
  async definition(table: string): Promise<string | undefined> {
    return this.#inScratch((connection) => readDefinition(connection, table));
  }

  /** All tables in the scratch database, with their definitions. */
  async definitions(): Promise<Map<string, string>> {
    const all = new Map<string, string>();
    for (const table of await this.#tables()) {
      const definition = await this.definition(table);
      if (definition !== undefined) all.set(table, definition);
    }
    return all;
  }

  /** What is there now is what `reset` goes back to. */
  async keep(): Promise<void> {
    const now = await this.definitions();
    this.#checkpoint.clear();
    for (const [table, definition] of now) this.#checkpoint.set(table, definition);
  }

  /** Goes back to what was kept last. */
  async reset(): Promise<void> {
    const now = await this.definitions();
    await this.#leniently(async () => {
      for (const [table, definition] of now) {
        if (sameDefinition(this.#checkpoint.get(table), definition)) continue;
        await this.query(`DROP TABLE ${escapeIdentifier(table)}`);
        now.delete(table);
      }
      for (const [table, definition] of this.#checkpoint) {
        if (!now.has(table)) await this.query(definition);
      }
    });
  }

  /** Puts one table back to `definition`, or away. */
  async restore(table: string, definition: string | undefined): Promise<void> {
    await this.#leniently(async () => {
      await this.query(`DROP TABLE IF EXISTS ${escapeIdentifier(table)}`);
      if (definition !== undefined) await this.query(definition);
    });
  }

  async #makeSequence(name: string, sql: string): Promise<void> {
    if (this.#sequences.has(name)) return;
    await this.query(sql);
    this.#sequences.add(name);
  }

  async #create(table: string, definition: string): Promise<void> {
    try {
      await this.query(definition);
    } catch (error) {
      throw new TableNotMirroredError(this.#shard, table, error);
    }
    const made = await this.definition(table);
    if (!sameDefinition(made, definition)) {
      throw new TableNotMirroredError(this.#shard, table, undefined);
    }
  }

  async #tables(): Promise<string[]> {
    const rows = await this.rows<Record<string, string>>(
      "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'",
    );
    return rows.map((row) => Object.values(row)[0] ?? '');
  }

  /** Runs `work` with `foreign_key_checks` on or off, as it will be on the shard. */
  async withForeignKeyChecks<T>(on: boolean, work: () => Promise<T>): Promise<T> {
    const before = this.#foreignKeyChecks;
    if (before === on) return work();
    await this.#setForeignKeyChecks(on);
    try {
      return await work();
    } finally {
      await this.#setForeignKeyChecks(before);
    }
  }

  async #setForeignKeyChecks(on: boolean): Promise<void> {
    this.#foreignKeyChecks = on;
    await this.query('SET SESSION foreign_key_checks = ?', [on ? 1 : 0]);
  }

  /** Old tables have definitions that today's rules refuse: zero dates, parents made later. */
  async #leniently(work: () => Promise<void>): Promise<void> {
    await this.query("SET SESSION foreign_key_checks = 0, sql_mode = ''");
    try {
      await work();
    } finally {
      const checks = this.#foreignKeyChecks ? 1 : 0;
      await this.query('SET SESSION foreign_key_checks = ?, sql_mode = ?', [
        checks,
        this.facts.sqlMode,
      ]);
    }
  }
}

async function readOnly<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  await connection.query('START TRANSACTION READ ONLY');
  try {
    return await work();
  } finally {
    await connection.query('ROLLBACK');
  }
}

/** Names of the application's tables in the connection's database, in one order. */
export async function readTableNames(connection: Connection): Promise<ReadonlySet<string>> {
  const [rows] = await connection.query<RowDataPacket[]>(
    { sql: "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'", rowsAsArray: true },
    [],
  );
  const names = (rows as unknown as [string, string][]).map(([name]) => name);
  return new Set(names.filter((name) => !SYSTEM_TABLES.includes(name)).sort());
}

/** A planner that was killed leaves its database behind; an hour later it is no one's. */
async function dropStale(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    { sql: `SHOW DATABASES LIKE '${PREFIX.replaceAll('_', '\\_')}%'`, rowsAsArray: true },
    [],
  );
  for (const [name] of rows as unknown as [string][]) {
    const made = /^switchyard_scratch_([0-9a-z]+)_[0-9a-f]{10}$/.exec(name)?.[1];
    if (made === undefined || Date.now() - parseInt(made, 36) < STALE_MS) continue;
    await connection.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)}`);
  }
}
