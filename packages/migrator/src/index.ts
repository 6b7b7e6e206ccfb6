export { outcomeOf, stillHolds, type Outcome, type SchemaCheck } from './plan/outcome.ts';
export type { MigrationClass, MigrationFile } from './migrations/migration-file.ts';
export type {
  Blocker,
  DataCheck,
  Direction,
  PlanRefusal,
  ShardPlan,
  Step,
  StepLock,
} from './plan/plan.ts';
export type {
  Planner,
  PlannerOptions,
  PlanPolicy,
  PlanRequest,
  PlanShard,
} from './plan/planner.ts';
export type { StepPath } from './ladder/path.ts';
