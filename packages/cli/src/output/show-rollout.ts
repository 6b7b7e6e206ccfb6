import type { OnEvent, RolloutReport } from '@switchyard/migrator';
import { ProgressBars } from './progress-bars.ts';
import { lineOf } from './progress-lines.ts';
import type { Screen } from './screen.ts';
import { duration, table } from './table.ts';

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
  for (const { shard, failure, refusals = [] } of report.outcomes) {
    if (failure !== undefined) sayTrouble(screen, shard, failure);
    for (const { rule, clause, reason, remedy, flag } of refusals) {
      const allow = flag === undefined ? '' : `. Or allow exactly this: --allow ${flag}`;
      sayTrouble(screen, shard, {
        code: rule,
        message: `${clause}: ${reason}`,
        remedy: `${remedy}${allow}`,
      });
    }
  }
  if (report.stopped !== undefined) screen.say(`\nStopped: ${report.stopped}.`);
}

/** A failure as people read it: where, code, message, remedy. */
export function sayTrouble(
  screen: Screen,
  shard: string,
  { code, message, remedy }: { code: string; message: string; remedy: string },
): void {
  screen.say();
  screen.say(`${screen.style('bold', shard)}  ${screen.style('red', code)}`);
  screen.say(`  ${message.replace(` ${remedy}.`, '')}`);
  screen.say(`  ${screen.style('cyan', '→')} ${remedy.replace(/\.$/, '')}.`);
}
