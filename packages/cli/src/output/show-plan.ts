import type { Forecast } from '@switchyard/migrator';
import { formatPlan } from './plan-lines.ts';
import type { Screen } from './screen.ts';
import { sayTrouble } from './show-rollout.ts';

/** Shows what every shard will do, and why some will not. */
export function sayForecasts(screen: Screen, forecasts: readonly Forecast[]): void {
  for (const forecast of forecasts) screen.event(planEvent(forecast));
  if (screen.json) return;
  const plans = forecasts.flatMap((forecast) => forecast.plans);
  if (plans.length > 0) for (const line of formatPlan(plans).split('\n')) screen.say(line);
  for (const forecast of forecasts) sayAside(screen, forecast);
}

function sayAside(screen: Screen, forecast: Forecast): void {
  const { shard, failure, refusals, halfDone, changed, unknown } = forecast;
  if (halfDone !== undefined) {
    const { migration, stepsDone } = halfDone;
    screen.say(
      `${shard.name}: ${migration} is half done (${stepsDone} steps); it is finished first`,
    );
  }
  for (const name of changed) {
    screen.say(
      screen.style('yellow', `${shard.name}: the file of ${name} has changed since it ran`),
    );
  }
  for (const name of unknown) {
    screen.say(screen.style('yellow', `${shard.name}: ${name} ran here and has no file`));
  }
  if (failure !== undefined) sayTrouble(screen, shard.name, failure);
  for (const { rule, remedy, reason } of refusals.filter(({ rule }) => rule === 'DRIFT')) {
    sayTrouble(screen, shard.name, { code: rule, message: reason, remedy });
  }
}

function planEvent(forecast: Forecast): object {
  const { shard, plans, pending, halfDone, changed, unknown, refusals, failure } = forecast;
  return {
    event: 'shard-planned',
    shard: shard.name,
    pending: pending.map(({ name }) => name),
    plans: plans.map(({ migration, steps, refusals: refused, blockers, serverVersion }) => ({
      migration,
      serverVersion,
      steps: steps.map(({ table, clause, sql, path, lock, rows, bytes, note, readsData }) => ({
        ...{ table, clause, sql, path, lock, rows, bytes, note, readsData },
      })),
      refusals: refused,
      blockers,
    })),
    halfDone,
    changed,
    unknown,
    refusals,
    failure,
  };
}
