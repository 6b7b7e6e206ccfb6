import { setTimeout as pause } from 'node:timers/promises';

/**
 * What MySQL and MariaDB answer when they rolled a transaction back only because of what others did
 * meanwhile: a deadlock, a row changed since the snapshot, a table changed since the snapshot (an
 * online ALTER under REPEATABLE READ).
 */
const TRY_AGAIN = new Set([1213, 1020, 1412]);
const MOST_RUNS = 5;

/**
 * Runs a unit of work again where the server asks for that. Only for work that did nothing outside
 * of its transaction; a job added inside counts as nothing, as it is sent after the commit.
 */
export async function repeated<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await work();
    } catch (error) {
      const { errno } = error as { errno?: number };
      if (run === MOST_RUNS || !TRY_AGAIN.has(errno ?? 0)) throw error;
      await pause(Math.random() * 20 * run);
    }
  }
}
