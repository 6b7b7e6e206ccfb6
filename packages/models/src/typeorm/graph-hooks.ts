import type { Subject } from 'typeorm/persistence/Subject.js';
import { SubjectExecutor } from 'typeorm/persistence/SubjectExecutor.js';
import { SubjectTopologicalSorter } from 'typeorm/persistence/SubjectTopologicalSorter.js';
import type { QueryRunner } from 'typeorm';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { runnerOfGraph } from './graph-statements.ts';
import type { SubjectWrite, WriteGuards } from '../record-rules.ts';
import type { GuardedSource } from './router.ts';

/** The parts of TypeORM's executor of a graph that are hooked; its typings hide most of them. */
interface Executor {
  queryRunner: QueryRunner;
  allSubjects: Subject[];
  insertSubjects: Subject[];
  execute(): Promise<void>;
  recompute(): void;
  executeInsertOperations(): Promise<void>;
  updateSpecialColumnsInPersistedEntities(): void;
}

let installed = false;
/** The runners of the graphs whose statements are being sent. */
const runners = new WeakMap<Executor, ShardQueryRunner>();

/**
 * Lets the guards see every graph that TypeORM writes, at the one place that all ways of writing one
 * pass. TypeORM offers no event that no one can switch off (`listeners: false`), so its executor is
 * extended, once by each copy of this package; graphs of other data sources pass untouched.
 */
export function installGraphHooks(): void {
  if (installed) return;
  installed = true;
  const executor = SubjectExecutor.prototype as unknown as Executor;
  const { execute, executeInsertOperations, updateSpecialColumnsInPersistedEntities } = executor;
  executor.execute = function (this: Executor) {
    const runner = this.queryRunner;
    if (!(runner instanceof ShardQueryRunner)) return execute.call(this);
    return runner.inPlace(async () => {
      await guardsOf(runner).beforeListeners(writeOf(this, runner));
      return execute.call(this);
    });
  };
  executor.executeInsertOperations = async function (this: Executor) {
    const runner = this.queryRunner;
    if (runner instanceof ShardQueryRunner) {
      await guardsOf(runner).beforeSubjects(writeOf(this, runner));
      runners.set(this, runner);
      this.queryRunner = runnerOfGraph(runner);
    }
    return executeInsertOperations.call(this);
  };
  executor.updateSpecialColumnsInPersistedEntities = function (this: Executor) {
    updateSpecialColumnsInPersistedEntities.call(this);
    const runner = runners.get(this);
    if (runner === undefined) return;
    this.queryRunner = runner; // subscribers come next, and their writes are their own
    guardsOf(runner).afterSubjects(writeOf(this, runner));
  };
}

function writeOf(executor: Executor, runner: ShardQueryRunner): SubjectWrite {
  return {
    runner,
    subjects: executor.allSubjects,
    recompute: () => {
      executor.recompute();
      const sorter = new SubjectTopologicalSorter(executor.insertSubjects);
      executor.insertSubjects = sorter.sort('insert');
    },
  };
}

function guardsOf(runner: ShardQueryRunner): WriteGuards {
  return (runner.dataSource as GuardedSource).guards;
}
