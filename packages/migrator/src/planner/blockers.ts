import type { Connection } from 'mysql2/promise';
import type { ServerFacts } from '../server/server-facts.ts';
import { findLockBlockers } from '../server/lock-blockers.ts';
import { diskBlockers, freeBytesFor, needsDisk } from '../plan/disk-space.ts';
import type { Blocker, Step } from '../plan/plan.ts';
import { lacksProcess, missingPrivileges } from '../plan/privileges.ts';

/** Younger transactions are the application's everyday work. */
const OLD_MS = 1000;

/** What stands in the way of steps right now: privileges, room on the disk, open transactions. */
export async function blockersOf(
  connection: Connection,
  facts: ServerFacts,
  steps: readonly Step[],
): Promise<Blocker[]> {
  const blockers = await missingPrivileges(connection, facts.database, steps);
  if (needsDisk(steps)) {
    blockers.push(...diskBlockers(steps, await freeBytesFor(connection, facts.database)));
  }
  if (facts.engine === 'mariadb' && steps.some(takesLock)) {
    blockers.push(...(await lacksProcess(connection)));
  }
  for (const table of new Set(steps.filter(takesLock).flatMap((step) => step.table ?? []))) {
    const holders = await findLockBlockers(connection, facts.engine, table);
    for (const { ageMs, description } of holders) {
      if (ageMs < OLD_MS) continue;
      blockers.push({
        kind: 'transaction',
        table,
        reason: description,
        remedy: 'Let it end; the rollout waits for it before it asks for the lock',
      });
    }
  }
  return blockers;
}

/** Every change of a table waits for the transactions that have it open. */
function takesLock(step: Step): boolean {
  return !['already-there', 'create', 'data'].includes(step.path);
}
