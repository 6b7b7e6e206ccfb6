import { DataSource, QueryFailedError, type DataSourceOptions, type QueryRunner } from 'typeorm';
import type { StartedCalls } from './started-calls.ts';

/** The part of TypeORM's `QueryResult` that its callers read. */
interface StructuredResult {
  raw: unknown;
  records: unknown[];
  affected?: number | undefined;
}

/** Who answers the statements of a recording data source. */
export interface Answers {
  answer(sql: string, parameters: readonly unknown[]): Promise<unknown>;
  /** For what goes past the query runner. */
  refuseRaw(what: string): never;
}

/**
 * A TypeORM data source without a server: every query runner that it makes hands its statements to
 * the recorder. So the table API, repositories and raw SQL of a migration all end in one place.
 */
export async function recordingDataSource(
  answers: Answers,
  calls: StartedCalls,
  database: string,
  engine: 'mysql' | 'mariadb',
  entities: DataSourceOptions['entities'],
): Promise<DataSource> {
  const source = new DataSource({
    type: engine,
    database,
    driver: { createPool: () => emptyPool },
    entities: entities ?? [],
    logging: false,
  });
  const create = source.driver.createQueryRunner.bind(source.driver);
  source.driver.createQueryRunner = (mode) => recordingRunner(create(mode), answers);
  await source.initialize();
  watchCalls(source, calls);
  return source;
}

/** Of all that a migration can call: the query runner, managers, and the data source itself. */
function watchCalls(source: DataSource, calls: StartedCalls): void {
  const create = source.createQueryRunner.bind(source);
  source.createQueryRunner = (mode) => {
    const runner = create(mode);
    calls.watchMethods(runner);
    calls.watchMethods(runner.manager);
    return runner;
  };
  calls.watchMethods(source.manager);
  calls.watchMethods(source);
}

function recordingRunner(runner: QueryRunner, answers: Answers): QueryRunner {
  const query = async (sql: string, parameters?: unknown[], structured = false) => {
    try {
      const raw = await answers.answer(sql, parameters ?? []);
      return structured ? structuredResult(raw) : raw;
    } catch (error) {
      throw new QueryFailedError(sql, parameters, error as Error);
    }
  };
  return Object.assign(runner, {
    query,
    stream: () => answers.refuseRaw('a stream'),
    connect: () => Promise.resolve(rawConnection(answers)),
    release: () => Promise.resolve(),
  });
}

function structuredResult(raw: unknown): StructuredResult {
  if (Array.isArray(raw)) return { raw, records: raw as unknown[] };
  const { affectedRows } = (raw ?? {}) as { affectedRows?: number };
  return { raw, records: [], affected: affectedRows };
}

/** What a migration that asks for the driver's own connection gets: it cannot be recorded. */
function rawConnection(answers: Answers): object {
  return new Proxy(
    {},
    {
      get: (_target, name) =>
        name === 'then' ? undefined : () => answers.refuseRaw(`the driver's own connection`),
    },
  );
}

type Callback = (error: unknown, value?: unknown) => void;

const emptyConnection = {
  release: () => undefined,
  listeners: () => [true],
  on: () => undefined,
};

const emptyPool = {
  getConnection: (done: Callback) => done(undefined, emptyConnection),
  end: (done: Callback) => done(undefined),
  on: () => undefined,
};
