import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';

/** What a look at a running statement shows. */
interface Sighting {
  /** Share that is done, 0 to 1, where the server says it. */
  readonly done: number | undefined;
  /** True where other sessions wait for a table lock right now. */
  readonly othersWait: boolean;
}

/** Shorter statements are not watched: a second connection would cost more than they do. */
const PATIENCE_MS = 250;
const INTERVAL_MS = 250;

const MARIADB = `SELECT STAGE AS stage, MAX_STAGE AS stages, PROGRESS AS progress
  FROM information_schema.PROCESSLIST WHERE ID = ?`;
const MYSQL = `SELECT 1 AS stage, 1 AS stages, 100 * s.WORK_COMPLETED / s.WORK_ESTIMATED AS progress
  FROM performance_schema.events_stages_current s
  JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID WHERE t.PROCESSLIST_ID = ?`;
const WAITING = `SELECT COUNT(*) AS waiting FROM information_schema.PROCESSLIST
  WHERE STATE LIKE 'Waiting for table%' AND ID <> ? AND DB = DATABASE()`;

/**
 * Waits for a running statement and looks at it from a second connection while it takes long.
 * Returns for how long others were seen waiting. A look that fails is left out: it must not disturb
 * the statement.
 */
export async function watchStatement<T>(
  running: Promise<T>,
  { second, threadId, engine, onSight }: WatchOptions,
): Promise<{ readonly result: T; readonly stallMs: number }> {
  let stallMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let over = false;
  const look = async (): Promise<void> => {
    const sighting = await sight(await second(), threadId, engine).catch(() => undefined);
    if (over || sighting === undefined) return;
    if (sighting.othersWait) stallMs += INTERVAL_MS;
    onSight(sighting);
  };
  const next = (delayMs: number): void => {
    timer = setTimeout(() => {
      void look()
        .catch(() => undefined)
        .then(() => !over && next(INTERVAL_MS));
    }, delayMs);
  };
  next(PATIENCE_MS);
  try {
    return { result: await running, stallMs };
  } finally {
    over = true;
    clearTimeout(timer);
  }
}

/** How a statement is watched. */
export interface WatchOptions {
  /** Gives a connection that is not the one of the statement; opened when first asked for. */
  readonly second: () => Promise<Connection>;
  readonly threadId: number;
  readonly engine: 'mysql' | 'mariadb';
  readonly onSight: (sighting: Sighting) => void;
}

async function sight(
  connection: Connection,
  threadId: number,
  engine: 'mysql' | 'mariadb',
): Promise<Sighting> {
  const [row] = await rowsOf<{ stage: number; stages: number; progress: number | string }>(
    connection,
    engine === 'mariadb' ? MARIADB : MYSQL,
    [threadId],
  );
  const [others] = await rowsOf<{ waiting: number }>(connection, WAITING, [threadId]);
  return { done: shareOf(row), othersWait: Number(others?.waiting) > 0 };
}

function shareOf(row: { stage: number; stages: number; progress: number | string } | undefined) {
  if (row === undefined || Number(row.stages) === 0) return undefined;
  const share = (Number(row.stage) - 1 + Number(row.progress) / 100) / Number(row.stages);
  return Math.min(1, Math.max(0, share));
}
