import type { OnEvent, RolloutReport } from '@switchyard/migrator';
import { ProgressBars } from './progress-bars.ts';
import { lineOf } from './progress-lines.ts';
import type { Screen } from './screen.ts';
import { duration, table } from './table.ts';
import { sayTroubles, troubleOf } from './troubles.ts';

/** Shows a rollout while it runs: bars on a terminal, lines in a pipe, events with --json. */
export function progressOn(screen: Screen): OnEvent {
  if (screen.json) return (event) => screen.event(event);
  if (screen.isTerminal) {
    const bars = new ProgressBars(screen);
    return (event) => bars.show(event);
  }
  return (event) => {
    const line = lineOf(event, screen);
    if (line !== undefined) screen.say(line);
  };
}

/** The outcome of every shard, and what to do about those that are not done. */
export function sayReport(screen: Screen, report: RolloutReport): void {
  if (screen.json) return;
  const rows = report.outcomes.map((one) => [
    one.shard,
    one.result,
    one.migrations.length === 0 ? '' : `${one.migrations.length} migrations`,
    one.steps === 0 ? '' : `${one.steps} statements`,
    one.durationMs === 0 ? '' : duration(one.durationMs),
    one.stallMs === 0 ? '' : `others waited ${duration(one.stallMs)}`,
  ]);
  screen.say();
  for (const line of table(rows)) screen.say(line);
  const troubles = report.outcomes.flatMap(({ shard, failure, refusals = [] }) => [
    ...(failure === undefined ? [] : [{ shard, ...failure }]),
    ...refusals.map((refusal) => troubleOf(shard, refusal)),
  ]);
  sayTroubles(screen, troubles);
  if (report.stopped !== undefined) screen.say(`\nStopped: ${report.stopped}.`);
}
