import { formatPlan, type Forecast, type PlanningEvent, type PlanTone } from '@switchyard/migrator';
import type { Screen, Style } from './screen.ts';
import { sayTroubles, troubleOf, type Trouble } from './troubles.ts';

const TONES: Readonly<Record<PlanTone, Style>> = {
  heading: 'bold',
  cheap: 'green',
  costly: 'yellow',
  refused: 'red',
  quiet: 'dim',
};

/** Shows the progress of planning: a line per shard, and per migration that is recorded. */
export function planningOn(screen: Screen): (event: PlanningEvent) => void {
  return (event) => {
    screen.event(event);
    const { shard } = event;
    if (event.event === 'planning') {
      const { migration, number, of } = event;
      return screen.say(screen.style('dim', `  ${shard}  planning ${migration} (${number}/${of})`));
    }
    const migrations = event.migrations === 1 ? '1 migration' : `${event.migrations} migrations`;
    screen.say(screen.style('dim', `  ${shard}  ${migrations} to plan`));
  };
}

/** Shows what every shard will do, and why some will not. */
export function sayForecasts(screen: Screen, forecasts: readonly Forecast[]): void {
  for (const forecast of forecasts) screen.event(planEvent(forecast));
  if (screen.json) return;
  const plans = forecasts.flatMap((forecast) => forecast.plans);
  const paint = (tone: PlanTone, text: string) => screen.style(TONES[tone], text);
  if (plans.length > 0) screen.say(formatPlan(plans, { paint, columns: screen.columns }));
  for (const forecast of forecasts) sayAside(screen, forecast);
  sayTroubles(screen, forecasts.flatMap(troublesOf));
}

/** What has no line in the plan itself. */
function troublesOf({ shard, failure, refusals }: Forecast): Trouble[] {
  const drift = refusals.filter(({ rule }) => rule === 'DRIFT');
  return [
    ...(failure === undefined ? [] : [{ shard: shard.name, ...failure }]),
    ...drift.map((refusal) => troubleOf(shard.name, refusal)),
  ];
}

function sayAside(screen: Screen, forecast: Forecast): void {
  const { shard, halfDone, changed, unknown } = forecast;
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
