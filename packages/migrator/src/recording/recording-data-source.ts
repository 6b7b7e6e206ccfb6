import { DataSource, QueryFailedError, type DataSourceOptions, type QueryRunner } from 'typeorm';
import type { Recorder } from './recorder.ts';

/** The part of TypeORM's `QueryResult` that its callers read. */
interface StructuredResult {
  raw: unknown;
  records: unknown[];
  affected?: number | undefined;
}

/**
 * A TypeORM data source without a server: every query runner that it makes hands its statements to
 * the recorder. So the table API, repositories and raw SQL of a migration all end in one place.
 */
export async function recordingDataSource(
  recorder: Recorder,
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
  source.driver.createQueryRunner = (mode) => recordingRunner(create(mode), recorder);
  return source.initialize();
}

function recordingRunner(runner: QueryRunner, recorder: Recorder): QueryRunner {
  const query = async (sql: string, parameters?: unknown[], structured = false) => {
    try {
      const raw = await recorder.answer(sql, parameters ?? []);
      return structured ? structuredResult(raw) : raw;
    } catch (error) {
      throw new QueryFailedError(sql, parameters, error as Error);
    }
  };
  return Object.assign(runner, {
    query,
    stream: () => recorder.refuseRaw('a stream'),
    connect: () => Promise.resolve(rawConnection(recorder)),
    release: () => Promise.resolve(),
  });
}

function structuredResult(raw: unknown): StructuredResult {
  if (Array.isArray(raw)) return { raw, records: raw as unknown[] };
  const { affectedRows } = (raw ?? {}) as { affectedRows?: number };
  return { raw, records: [], affected: affectedRows };
}

/** What a migration that asks for the driver's own connection gets: it cannot be recorded. */
function rawConnection(recorder: Recorder): object {
  return new Proxy(
    {},
    {
      get: (_target, name) =>
        name === 'then' ? undefined : () => recorder.refuseRaw(`the driver's own connection`),
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
