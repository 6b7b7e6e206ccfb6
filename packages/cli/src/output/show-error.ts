import { inspect } from 'node:util';
import { failureOf } from '@switchyard/migrator/internal';
import type { Screen } from './screen.ts';

/** An error as code, message and remedy. Where it came from only on request. */
export function sayError(screen: Screen, error: unknown, verbose: boolean): void {
  const failures = (error as { failures?: readonly unknown[] }).failures ?? [error];
  for (const one of failures) {
    const { code, message, remedy } = failureOf(one);
    screen.event({ event: 'error', code, message, remedy });
    if (screen.json) continue;
    screen.warn(`${screen.style('red', code)}: ${message.replace(` ${remedy}.`, '')}`);
    screen.warn(`  ${screen.style('cyan', '→')} ${remedy.replace(/\.$/, '')}.`);
  }
  if (verbose) screen.warn(inspect(error));
}
