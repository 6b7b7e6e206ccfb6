import { createRequire } from 'node:module';
import { hostname, userInfo } from 'node:os';
import { randomUUID } from 'node:crypto';
import type { Topology } from '@switchyard/shard-context';
import type { Author } from '../ledger/ledger.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { Planner } from '../plan/planner.ts';
import type { RolloutPolicy } from './rollout-policy.ts';
import type { AtPoint } from './run-points.ts';
import type { OpenShard } from './shard-session.ts';

/** What every command over the fleet needs. */
export interface Fleet {
  readonly topology: Topology;
  /** Opens a connection to a shard, its identity checked. */
  readonly open: OpenShard;
  readonly author: Author;
  readonly policy: RolloutPolicy;
  /** All migrations, in order. */
  readonly migrations: readonly MigrationFile[];
  readonly planner: Planner;
  /** Told where the work on a shard is. Default: no one. */
  readonly atPoint?: AtPoint | undefined;
}

/** Name and version of the tool, as ledgers show it. */
const { version } = createRequire(import.meta.url)('@switchyard/migrator/package.json') as {
  version: string;
};
const TOOL = `switchyard ${version}`;

/** Who runs this process, under a rollout id of its own. */
export function thisAuthor(): Author {
  return { rollout: randomUUID(), who: `${userName()}@${hostname()}`.slice(0, 191), tool: TOOL };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown'); // containers: an id without an account
  }
}
