import {
  forecastFleet,
  rollOut,
  type Forecast,
  type RolloutReport,
  type RolloutRequest,
} from '@switchyard/migrator';
import { Interruption } from '../output/interrupted.ts';
import { planningOn, sayForecasts } from '../output/show-plan.ts';
import { progressOn, sayReport } from '../output/show-rollout.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';
import { isAtRest, requestOf, type PlanOptions } from './plan.ts';

/** Brings all shards to the newest migration, or to the one that is named. */
export async function migrate(line: CommandLine, options: PlanOptions): Promise<ExitCode> {
  return carryOut(line, requestOf(line, options));
}

/** Plans, shows the plan, and carries it out. */
export async function carryOut(line: CommandLine, request: RolloutRequest): Promise<ExitCode> {
  const { fleet, screen } = line;
  const forecasts = await forecastFleet(fleet, request, planningOn(screen));
  const paused = forecasts.find(({ control }) => control.asked === 'pause');
  if (paused !== undefined) return sayPaused(line, paused);
  sayForecasts(screen, forecasts);
  if (forecasts.every(isAtRest)) {
    screen.say('Nothing to do: every shard has all migrations.');
    screen.event({ event: 'nothing-to-do' });
    return EXIT.done;
  }
  const report = await new Interruption(screen).during((watch) =>
    rollOut(fleet, request, forecasts, watch(progressOn(screen))),
  );
  sayReport(screen, report);
  return exitCodeOf(report);
}

function sayPaused({ screen }: CommandLine, { shard, control }: Forecast): ExitCode {
  const by = control.by ?? 'someone';
  screen.event({ event: 'refused', code: 'ROLLOUT_PAUSED', shard: shard.name, by });
  screen.say(`${by} has paused the rollout. \`switchyard resume\` goes on, \`abort\` ends it.`);
  return EXIT.halted;
}

/** 3 only where the plan refused everything; what one shard refuses leaves the others done. */
function exitCodeOf({ outcomes }: RolloutReport): ExitCode {
  const results = new Set(outcomes.map(({ result }) => result));
  results.delete('nothing-to-do');
  if (results.has('halted')) return EXIT.halted;
  if (results.size === 0 || (results.size === 1 && results.has('done'))) return EXIT.done;
  return results.size === 1 && results.has('refused') ? EXIT.refused : EXIT.pending;
}
