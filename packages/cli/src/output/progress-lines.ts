import type { RolloutEvent, ShardOutcome } from '@switchyard/migrator';
import type { Screen, Style } from './screen.ts';
import { duration } from './table.ts';

const COLOURS: Readonly<Partial<Record<ShardOutcome['result'], Style>>> = {
  done: 'green',
  failed: 'red',
  refused: 'red',
  unreachable: 'red',
  unplanned: 'red',
  halted: 'yellow',
  untouched: 'yellow',
};

/** One line for each event that someone who reads a log wants to see; undefined for the others. */
export function lineOf(event: RolloutEvent, screen: Screen): string | undefined {
  switch (event.event) {
    case 'wave-started':
      return screen.style('bold', `${event.wave}: ${event.shards.join(', ')}`);
    case 'holding':
      return `  holding ${duration(event.holdMs)} after ${event.wave}`;
    case 'health-failed':
      return screen.style('red', `  the health command ended with ${event.exitCode}`);
    case 'step-ended':
      return stepLine(event);
    case 'shard-ended':
      return shardLine(event, screen);
    default:
      return troubleLine(event, screen);
  }
}

function stepLine(event: Extract<RolloutEvent, { event: 'step-ended' }>): string {
  const { shard, migration, step, of, how, durationMs, stallMs } = event;
  const took = how === 'ran' ? duration(durationMs) : how;
  const stall = stallMs > 0 ? `, others waited ${duration(stallMs)}` : '';
  return `  ${shard}  ${migration} ${step}/${of}  ${took}${stall}`;
}

function shardLine(event: ShardOutcome, screen: Screen): string {
  const result = screen.style(COLOURS[event.result] ?? 'dim', event.result);
  const took = event.durationMs > 0 ? `  ${duration(event.durationMs)}` : '';
  const why = event.failure ?? event.refusals?.[0];
  const reason = why === undefined ? '' : `  ${'code' in why ? why.code : why.rule}`;
  return `  ${event.shard}  ${result}${took}${reason}`;
}

function troubleLine(event: RolloutEvent, screen: Screen): string | undefined {
  switch (event.event) {
    case 'lock-waiting': {
      const who = event.blockers[0] ?? 'someone the server does not show';
      return `  ${event.shard}  waiting for table ${event.table} (try ${event.attempt}): ${who}`;
    }
    case 'blocker-killed':
      return screen.style('yellow', `  ${event.shard}  cut off ${event.blocker}`);
    case 'connection-lost':
      return screen.style('yellow', `  ${event.shard}  connection lost, connecting again`);
    case 'paused':
      return screen.style('yellow', `  ${event.shard}  paused by ${event.by}`);
    case 'resumed':
      return `  ${event.shard}  resumed by ${event.by}`;
    default:
      return undefined;
  }
}
