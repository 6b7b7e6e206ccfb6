import { setImmediate as nextTurn } from 'node:timers/promises';
import pLimit from 'p-limit';
import { escapeIdentifier } from '@switchyard/mysql';
import { namesDatabase } from '../parser/names-database.ts';
import { readStatement } from '../parser/read-statement.ts';
import type { Statement } from '../parser/statement.ts';
import { applyToScratch } from './apply-to-scratch.ts';
import type { RecordedStatement, Recording, RecordingFailure } from './recorded.ts';
import { readAsTypeorm } from './read-as-typeorm.ts';
import type { Answers } from './recording-data-source.ts';
import type { ScratchSchema } from './scratch-schema.ts';
import { MigrationNotPlannableError } from './scratch-errors.ts';
import { forDatabase, METADATA_TABLE } from './typeorm-metadata.ts';
import { failureText } from '@switchyard/mysql/internal';

/** The id that recorded inserts answer with; where it turns up later, the migration needs it. */
const MARKED_ID = 9_007_199_254_700_000;

/**
 * Answers the statements of one migration from the scratch database and writes them down, one after
 * the other in the order in which they were sent, as a connection of TypeORM's would.
 */
export class Recorder implements Answers {
  readonly #scratch: ScratchSchema;
  readonly #statements: RecordedStatement[] = [];
  readonly #failures: RecordingFailure[] = [];
  readonly #dataReads: string[] = [];
  readonly #filled = new Set<string>();
  readonly #shaped = new Set<string>();
  #foreignKeyChecks = true;
  /** Makes TypeORM's own table of views and generated columns, which it makes before migrations. */
  makeMetadataTable: ((answers: Answers) => Promise<void>) | undefined;
  readonly #turns = pLimit(1);
  #hasEnded = false;

  readonly #about: { readonly migration: string; readonly shard: string };

  constructor(scratch: ScratchSchema, about: { migration: string; shard: string }) {
    this.#scratch = scratch;
    this.#about = about;
  }

  /** The recorded statements. */
  get recording(): Recording {
    return { statements: this.#statements, failures: this.#failures, dataReads: this.#dataReads };
  }

  /** Answers one statement as the shard would; never, once the recording has ended. */
  answer(text: string, parameters: readonly unknown[]): Promise<unknown> {
    if (this.#hasEnded) return new Promise(() => undefined);
    return this.#turns(() => this.#answerNow(text, parameters));
  }

  /** Resolves when nothing is in flight and the code that was answered had time to go on. */
  async idle(): Promise<void> {
    do {
      await this.#turns(() => undefined);
      await nextTurn();
    } while (this.#turns.activeCount + this.#turns.pendingCount > 0);
  }

  /** Nothing is answered from here on. */
  end(): void {
    this.#hasEnded = true;
    this.#turns.clearQueue();
  }

  async #answerNow(text: string, values: readonly unknown[]): Promise<unknown> {
    const own = {
      sql: this.#withoutScratchName(text).replace(LEADING_COMMENTS, ''),
      parameters: values,
    };
    const { sql, parameters } = forDatabase(own, this.#scratch.name);
    if (usesMarkedId(sql, parameters)) {
      return this.#fail(sql, 'it uses the id of a row that it inserts', SPLIT_REMEDY);
    }
    const statement = await this.#readStatement(sql);
    if (statement.kind === 'read') return this.#read(sql, parameters);
    if (statement.kind === 'transaction') return header();
    if (statement.kind === 'foreign-key-checks') {
      this.#foreignKeyChecks = statement.on;
      return header();
    }
    if (statement.kind === 'data') await this.#needsMetadataTable(statement.tables);
    this.#statements.push({ sql, parameters, statement, foreignKeyChecks: this.#foreignKeyChecks });
    return this.#change(sql, parameters, statement);
  }

  /** What names the shard's own database would name it on every other shard as well. */
  async #readStatement(sql: string): Promise<Statement> {
    const statement = readStatement(sql);
    const { database } = this.#scratch.facts;
    if (statement.kind === 'read' || statement.kind === 'elsewhere') return statement;
    if (!sql.toLowerCase().includes(database.toLowerCase())) return statement;
    const isTable = (await this.#scratch.shardTables()).has(database);
    return namesDatabase(sql, database, isTable) ? { kind: 'elsewhere', database } : statement;
  }

  /** For what goes past the query runner. */
  refuseRaw(what: string): never {
    return this.#fail('', `it uses ${what}, which cannot be recorded`, 'Use queryRunner.query()');
  }

  async #change(
    sql: string,
    parameters: readonly unknown[],
    statement: Statement,
  ): Promise<unknown> {
    try {
      await applyToScratch(this.#scratch, sql, parameters, statement, this.#foreignKeyChecks);
    } catch (error) {
      // It would fail on the shard as well: unless the migration expects that, it ends here.
      this.#statements.pop();
      throw this.#refusedByServer(sql, error);
    }
    if (statement.kind === 'data') statement.tables.forEach((table) => this.#filled.add(table));
    if (statement.kind === 'alter') this.#shaped.add(statement.table);
    if (statement.kind === 'create-table') this.#shaped.add(statement.table);
    return returned(sql, parameters) ?? header();
  }

  async #read(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    const words = wordsOf(sql, parameters);
    const tables = await this.#scratch.shardTables();
    const named = [...words].filter((word) => tables.has(word));
    if (isAboutSchema(sql)) {
      const about = named.length > 0 || hasStrings(sql, parameters);
      await (about ? this.#scratch.mirror(words) : this.#scratch.mirrorAll());
      return this.#scratch.read(sql, parameters);
    }
    const touched = [...words].find((word) => this.#filled.has(word) || this.#shaped.has(word));
    if (touched !== undefined) {
      const reason = `it reads table ${touched}, which it changed before`;
      return this.#fail(sql, reason, SPLIT_REMEDY);
    }
    if (named.length === 0) return this.#scratch.read(sql, parameters);
    this.#dataReads.push(sql);
    try {
      return await this.#scratch.atShard((connection) => {
        const own = (text: string) => this.#scratch.withShardName(text);
        const values = parameters.map((value) => (typeof value === 'string' ? own(value) : value));
        return readAsTypeorm(connection, own(sql), values);
      });
    } catch (error) {
      throw this.#refusedByServer(sql, error);
    }
  }

  async #needsMetadataTable(tables: readonly string[]): Promise<void> {
    if (this.makeMetadataTable === undefined || !tables.includes(METADATA_TABLE)) return;
    await this.#scratch.mirror([METADATA_TABLE]);
    if ((await this.#scratch.definition(METADATA_TABLE)) === undefined)
      await this.makeMetadataTable({
        answer: (sql, parameters) => this.#answerNow(sql, parameters),
        refuseRaw: (what) => this.refuseRaw(what),
      });
  }

  /** Writes the server's refusal down and hands the error on: the migration may expect it. */
  #refusedByServer(sql: string, error: unknown): unknown {
    this.#failures.push({
      rule: 'NOT_PLANNABLE',
      sql,
      reason: `the server refuses it: ${failureText(error)}`,
      remedy: 'Correct the migration, or fix the schema of this shard',
      mayBeCaught: true,
    });
    return error;
  }

  #fail(sql: string, reason: string, remedy: string): never {
    const rule = 'NOT_PLANNABLE';
    this.#failures.push({ rule, sql, reason, remedy, mayBeCaught: false });
    const { migration, shard } = this.#about;
    throw new MigrationNotPlannableError(migration, shard, reason, remedy);
  }

  /** TypeORM writes the database where it is given one; the shard's own is meant. */
  #withoutScratchName(sql: string): string {
    const quoted = escapeIdentifier(this.#scratch.name);
    return sql.replaceAll(`${quoted}.`, '').replaceAll(`${this.#scratch.name}.`, '');
  }
}

/** What a statement is, its first words say; a version comment is one of them. */
const LEADING_COMMENTS = /^(?:\s+|--(?=\s)[^\n]*|#[^\n]*|\/\*(?!!|M!)[^]*?\*\/)+/;

const SPLIT_REMEDY = 'Split it into two migrations, so that the second sees what the first did';

function header(): object {
  return { affectedRows: 0, insertId: MARKED_ID, warningStatus: 0, info: '' };
}

/** MariaDB answers an insert with rows where it is asked to; TypeORM asks for the ids. */
function returned(sql: string, parameters: readonly unknown[]): object[] | undefined {
  const list = /\bRETURNING\s+([^]+)$/i.exec(sql)?.[1];
  if (list === undefined) return undefined;
  const names = list.split(',').map((name) => name.trim().replaceAll('`', ''));
  const row = Object.fromEntries(names.map((name) => [name, MARKED_ID]));
  return Array.from({ length: parameters.length + 1 }, () => ({ ...row }));
}

function usesMarkedId(sql: string, parameters: readonly unknown[]): boolean {
  const near = /90071992547000\d\d/;
  return near.test(sql) || parameters.some((value) => near.test(String(value)));
}

function isAboutSchema(sql: string): boolean {
  return /^\s*(SHOW|DESC|DESCRIBE|EXPLAIN)\b/i.test(sql) || /information_schema/i.test(sql);
}

function hasStrings(sql: string, parameters: readonly unknown[]): boolean {
  return parameters.length > 1 || (sql.match(/'[^']*'/g)?.length ?? 0) > 1;
}

/** Everything in a query that may be the name of a table. */
function wordsOf(sql: string, parameters: readonly unknown[]): Set<string> {
  const quoted = [...sql.matchAll(/`((?:[^`]|``)+)`|'([^']*)'|([\w$]+)/g)].map(
    ([, name, text, word]) => name ?? text ?? word ?? '',
  );
  const values = parameters.filter((value): value is string => typeof value === 'string');
  return new Set([...quoted, ...values]);
}
