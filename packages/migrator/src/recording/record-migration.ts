import type { DataSource, DataSourceOptions, QueryRunner } from 'typeorm';
import type { MigrationFile } from '../migrations/migration-file.ts';
import { recordingDataSource } from './recording-data-source.ts';
import type { Recording } from './recorded.ts';
import { Recorder } from './recorder.ts';
import type { ScratchSchema } from './scratch-schema.ts';
import { failureText } from '@switchyard/mysql/internal';

/**
 * Runs `up` or `down` of a migration against the scratch database and writes down what it sends.
 * Failures of the migration are part of the answer.
 */
export async function recordMigration(
  scratch: ScratchSchema,
  shard: string,
  migration: MigrationFile,
  direction: 'up' | 'down',
  entities: DataSourceOptions['entities'],
): Promise<Recording> {
  const recorder = new Recorder(scratch, { migration: migration.name, shard });
  const { engine } = scratch.facts;
  const source = await recordingDataSource(recorder, scratch.name, engine, entities);
  recorder.makeMetadataTable = () => makeMetadataTable(source);
  try {
    await migration.create()[direction](source.createQueryRunner());
    const { failures, ...rest } = recorder.recording;
    return { ...rest, failures: failures.filter((failure) => !failure.mayBeCaught) };
  } catch (error) {
    const { recording } = recorder;
    if (recording.failures.length > 0) return recording;
    return { ...recording, failures: [ownFailure(error)] };
  }
}

/** TypeORM makes it before it runs migrations, where entities have views or generated columns. */
async function makeMetadataTable(source: DataSource): Promise<void> {
  const builder = source.driver.createSchemaBuilder() as unknown as {
    createTypeormMetadataTable(queryRunner: QueryRunner): Promise<void>;
  };
  await builder.createTypeormMetadataTable(source.createQueryRunner());
}

function ownFailure(error: unknown): Recording['failures'][number] {
  return {
    sql: '',
    reason: `the migration's own code throws: ${failureText(error)}`,
    remedy: 'Correct the migration',
    mayBeCaught: false,
  };
}
