import { performance } from 'node:perf_hooks';
import { failureNumber, isAtLeast } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { rowVersionLimit } from '../ladder/rungs.ts';
import type { ServerFacts } from '../server/server-facts.ts';
import type { Draft } from './draft.ts';

/** Row versions of the tables of one server, by InnoDB's name of a table. */
type Versions = ReadonlyMap<string, number>;

/** Long enough for a fleet to be planned; a stale answer costs no more than a refusal (4092). */
const FRESH_MS = 60_000;

/**
 * Knows how many row versions tables have left. An empty twin does not carry that number. MySQL reads
 * all tables of a server to answer for one, so each server is asked once for all its shards.
 */
export class RowVersions {
  readonly #servers = new Map<
    string,
    { readonly at: number; readonly versions: Promise<Versions> }
  >();

  /** Tables on which the instant steps of `drafts` would pass the server's limit. */
  async withoutAny(
    connection: Connection,
    facts: ServerFacts,
    drafts: readonly Draft[],
  ): Promise<ReadonlySet<string>> {
    const limit = rowVersionLimit(facts);
    const needed = neededVersions(drafts);
    if (limit === undefined || needed.size === 0 || !isAtLeast(facts.version, '8.0.29'))
      return new Set();
    const versions = await this.#of(connection, facts);
    const used = (table: string) => versions.get(`${fileName(facts.database)}/${fileName(table)}`);
    const over = [...needed].filter(([table, count]) => (used(table) ?? 0) + count > limit);
    return new Set(over.map(([table]) => table));
  }

  #of(connection: Connection, facts: ServerFacts): Promise<Versions> {
    const known = this.#servers.get(facts.server);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.versions;
    const versions = usedVersions(connection);
    versions.catch(() => this.#servers.delete(facts.server));
    this.#servers.set(facts.server, { at: performance.now(), versions });
    return versions;
  }
}

function neededVersions(drafts: readonly Draft[]): Map<string, number> {
  const needed = new Map<string, number>();
  for (const { table, rowVersions, madeHere } of drafts.flatMap((draft) => draft.steps)) {
    if (table === undefined || rowVersions === 0 || madeHere) continue;
    needed.set(table, (needed.get(table) ?? 0) + rowVersions);
  }
  return needed;
}

/** Without the PROCESS privilege nothing is known, and the server refuses by itself. */
async function usedVersions(connection: Connection): Promise<Versions> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT NAME AS name, TOTAL_ROW_VERSIONS AS used
         FROM information_schema.INNODB_TABLES WHERE TOTAL_ROW_VERSIONS > 0`,
    );
    const versions = new Map<string, number>();
    for (const { name, used } of rows as { name: string; used: number }[]) {
      const table = name.split('#')[0] ?? name; // partitions count for their table
      versions.set(table, Math.max(used, versions.get(table) ?? 0));
    }
    return versions;
  } catch (error) {
    if (failureNumber(error) === undefined) throw error;
    return new Map();
  }
}

/** InnoDB writes what is no letter, digit or underscore as `@` and four hexadecimal digits. */
function fileName(name: string): string {
  return name.replaceAll(
    /[^\w]/g,
    (other) => `@${other.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
