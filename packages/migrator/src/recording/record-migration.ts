import type { DataSource, DataSourceOptions, QueryRunner } from 'typeorm';
import { failureText } from '@switchyard/mysql/internal';
import type { MigrationFile } from '../migrations/migration-file.ts';
import { recordingDataSource } from './recording-data-source.ts';
import type { Recording, RecordingFailure } from './recorded.ts';
import { Recorder } from './recorder.ts';
import type { ScratchSchema } from './scratch-schema.ts';
import { StartedCalls } from './started-calls.ts';

/**
 * Runs `up` or `down` of a migration against the scratch database and writes down what it sends.
 * Failures of the migration are part of the answer. When it returns, nothing that the migration
 * started is at work any more, and what the migration sends later is never answered.
 */
export async function recordMigration(
  scratch: ScratchSchema,
  shard: string,
  migration: MigrationFile,
  direction: 'up' | 'down',
  entities: DataSourceOptions['entities'],
): Promise<Recording> {
  const recorder = new Recorder(scratch, { migration: migration.name, shard });
  const calls = new StartedCalls();
  const { engine } = scratch.facts;
  const source = await recordingDataSource(recorder, calls, scratch.name, engine, entities);
  recorder.makeMetadataTable = async (answers) => {
    const own = await recordingDataSource(answers, new StartedCalls(), scratch.name, engine, []);
    await makeMetadataTable(own);
  };
  const own: RecordingFailure[] = [];
  try {
    await migration.create()[direction](source.createQueryRunner());
  } catch (error) {
    own.push(ownFailure(error));
  }
  // Most forgotten calls are over soon: what they do then is part of the plan, if it is allowed.
  do await recorder.idle();
  while (calls.areOpen);
  recorder.end();
  const { recording } = recorder;
  const wasCaught = own.length === 0 && !calls.lostFailure;
  const sent = recording.failures.filter((failure) => !wasCaught || !failure.mayBeCaught);
  const notAwaited = calls.notAwaited.slice(0, 1).map((call) => notWaitedFor(call, migration.name));
  return { ...recording, failures: [...notAwaited, ...(sent.length > 0 ? sent : own)] };
}

/** TypeORM makes it before it runs migrations, where entities have views or generated columns. */
async function makeMetadataTable(source: DataSource): Promise<void> {
  const builder = source.driver.createSchemaBuilder() as unknown as {
    createTypeormMetadataTable(queryRunner: QueryRunner): Promise<void>;
  };
  await builder.createTypeormMetadataTable(source.createQueryRunner());
}

function ownFailure(error: unknown): RecordingFailure {
  return {
    rule: 'NOT_PLANNABLE',
    sql: '',
    reason: `the migration's own code throws: ${failureText(error)}`,
    remedy: 'Correct the migration',
    mayBeCaught: false,
  };
}

function notWaitedFor(call: string, migration: string): RecordingFailure {
  return {
    rule: 'NOT_AWAITED',
    sql: call,
    reason: 'the migration does not wait for this call: a failure of it would be lost',
    remedy: 'Write `await` before the call',
    flag: `not-awaited:${migration}`,
    mayBeCaught: false,
  };
}
