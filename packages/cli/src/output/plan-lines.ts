import type { ShardPlan } from '@switchyard/migrator';
import { table } from './table.ts';

/** A plan as lines: one per shard and statement. */
export function formatPlan(plans: readonly ShardPlan[]): string {
  const rows = plans.flatMap((plan) => [
    ...plan.steps.map((step, i) => [
      plan.shard,
      plan.migration,
      `${i + 1}`,
      step.path,
      `lock ${step.lock}`,
      `${step.rows} rows`,
      step.clause,
    ]),
    ...plan.refusals.map(({ rule, clause, reason }) => [
      plan.shard,
      plan.migration,
      '-',
      'refused',
      rule,
      clause,
      reason,
    ]),
  ]);
  return table(rows).join('\n');
}
