import { forecastFleet, type Forecast, type RolloutRequest } from '@switchyard/migrator';
import { planningOn, sayForecasts } from '../output/show-plan.ts';
import { UsageError } from '../config/config-errors.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of the commands that plan. */
export interface PlanOptions {
  readonly to?: string | undefined;
  readonly only?: readonly string[] | undefined;
  readonly allow: readonly string[];
  readonly down?: boolean;
}

/** Shows what `switchyard migrate` would do. Nothing is changed. */
export async function plan(line: CommandLine, options: PlanOptions): Promise<ExitCode> {
  const request = requestOf(line, options);
  const forecasts = await forecastFleet(line.fleet, request, planningOn(line.screen));
  sayForecasts(line.screen, forecasts);
  if (forecasts.every(isAtRest)) line.screen.say('Nothing to do: every shard has all migrations.');
  if (forecasts.some(({ failure }) => failure !== undefined)) return EXIT.pending;
  return forecasts.some(({ refusals }) => refusals.length > 0) ? EXIT.refused : EXIT.done;
}

/** What the options ask for. @throws UsageError where they name an unknown migration, or none */
export function requestOf({ fleet }: CommandLine, options: PlanOptions): RolloutRequest {
  const { to, only, allow, down = false } = options;
  if (down && to === undefined) {
    const remedy = 'Name the migration with --to, class name and timestamp';
    throw new UsageError('plan a revert', '--down says not of which migration', remedy);
  }
  if (to !== undefined && !fleet.migrations.some(({ name }) => name === to)) {
    const known = fleet.migrations.map(({ name }) => name).join(', ') || 'none';
    throw new UsageError(
      `find migration ${to}`,
      `the config has no such migration (${known})`,
      'Name one of them, class name and timestamp',
    );
  }
  return {
    direction: down ? 'down' : 'up',
    allow,
    ...(to !== undefined && { to }),
    ...(only !== undefined && only.length > 0 && { only }),
  };
}

/** True where nothing is to be done and nothing stands in the way. */
export function isAtRest({ pending, halfDone, failure }: Forecast): boolean {
  return pending.length === 0 && halfDone === undefined && failure === undefined;
}
