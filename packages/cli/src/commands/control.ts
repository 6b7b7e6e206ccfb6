import {
  askFleet,
  readLeases,
  removeLeftCopies,
  type Control,
  type ControlOutcome,
  type RolloutRequest,
} from '@switchyard/migrator';
import { sayTroubles } from '../output/troubles.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';
import { carryOut } from './migrate.ts';
import type { PlanOptions } from './plan.ts';

/** Asks a running rollout to wait before its next step, on every shard. */
export function pause(line: CommandLine): Promise<ExitCode> {
  return ask(line, 'pause', 'A running rollout waits before its next step.');
}

/**
 * Asks a running rollout to end before its next step or in the middle of a shadow copy, also one that still plans and holds no shard
 * yet. Removes the shadow copies that killed ones have left. Takes a pause back; what was asked before a rollout began means another one.
 */
export async function abort(line: CommandLine): Promise<ExitCode> {
  const leases = await readLeases(line.fleet);
  const meaning = leases.some(({ lease }) => lease?.held === true)
    ? 'The running rollout ends before its next step.'
    : 'No rollout holds a shard. One that is still planning ends before its first step.';
  const told = await ask(line, 'abort', meaning);
  const removed = await removeCopies(line);
  return removed === EXIT.done ? told : removed;
}

/** Copies that killed runs have left; one that is at work removes its own. */
async function removeCopies({ fleet, screen }: CommandLine): Promise<ExitCode> {
  const copies = await removeLeftCopies(fleet);
  for (const { shard, table, failure } of copies) {
    screen.event({ event: 'copy-removed', shard, table, failure });
    if (failure !== undefined) screen.say(`  ${shard}  ${failure.message}`);
    else screen.say(`  ${shard}  the half-done copy of table ${table} is removed`);
  }
  return copies.some(({ failure }) => failure !== undefined) ? EXIT.pending : EXIT.done;
}

/**
 * Goes on: a paused rollout that still runs does so by itself. One that was killed, or has left shards
 * pending, is taken up here with the options it was begun with; what is given now goes before them.
 */
export async function resume(line: CommandLine, given: PlanOptions): Promise<ExitCode> {
  const before = await readLeases(line.fleet);
  const running = before.find(({ lease }) => lease?.held === true && lease.control === 'pause');
  if (running !== undefined) {
    return ask(line, 'run', `The rollout of ${running.lease?.who ?? 'someone'} goes on.`);
  }
  await askFleet(line.fleet, 'run');
  const request = withGiven(latestRequest(before) ?? { direction: 'up' }, given);
  const planner = line.plannerFor(request.allow ?? []);
  return carryOut({ ...line, fleet: { ...line.fleet, planner } }, request);
}

function withGiven(latest: RolloutRequest, { to, only, allow }: PlanOptions): RolloutRequest {
  return {
    ...latest,
    ...(to !== undefined && { to }),
    ...(only !== undefined && { only }),
    allow: [...new Set([...(latest.allow ?? []), ...(allow ?? [])])],
  };
}

/** What the newest run was told, as the leases that it took say it. */
function latestRequest(outcomes: readonly ControlOutcome[]): RolloutRequest | undefined {
  const [latest] = outcomes
    .flatMap(({ lease }) => lease ?? [])
    .filter(({ options }) => options !== null)
    .sort((a, b) => Number(b.takenAt) - Number(a.takenAt));
  return latest && (JSON.parse(latest.options ?? '') as RolloutRequest);
}

async function ask(line: CommandLine, control: Control, meaning: string): Promise<ExitCode> {
  const { fleet, screen } = line;
  const outcomes = await askFleet(fleet, control);
  for (const { shard, failure } of outcomes) {
    screen.event({ event: 'asked', control, shard, failure });
  }
  sayTroubles(
    screen,
    outcomes.flatMap(({ shard, failure }) =>
      failure === undefined ? [] : [{ shard, ...failure }],
    ),
  );
  const failed = outcomes.filter(({ failure }) => failure !== undefined).length;
  screen.say(`${outcomes.length - failed} of ${outcomes.length} shards told. ${meaning}`);
  return failed === 0 ? EXIT.done : EXIT.pending;
}
