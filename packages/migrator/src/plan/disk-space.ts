import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Blocker, Step } from './plan.ts';

/** Paths that write the whole table anew beside the old one. */
const REWRITES = new Set<Step['path']>(['rebuild', 'copy', 'shadow-copy']);

/**
 * Names the tables whose rewrite needs more room than the server's disk has. Steps run one after
 * another, and each gives its room back, so each is held against the free space alone.
 */
export function diskBlockers(steps: readonly Step[], freeBytes: number | undefined): Blocker[] {
  if (freeBytes === undefined) return [];
  const tooLarge = steps.filter(({ path, bytes }) => REWRITES.has(path) && bytes > freeBytes);
  return tooLarge.map(({ table, bytes }) => ({
    kind: 'disk',
    table,
    reason: `the rewrite needs ${bytes} bytes and the server's disk has ${freeBytes}`,
    remedy: 'Make room on the disk of the server, then plan again',
  }));
}

/**
 * Free bytes of the disk that holds a database, where it can be known: SQL does not show it, so
 * only for a server whose data folder is on this machine. Undefined elsewhere; the plan's `bytes`
 * then say what a rewrite needs, and the server itself refuses with 1114 and changes nothing.
 */
export async function freeBytesFor(
  connection: Connection,
  database: string,
): Promise<number | undefined> {
  const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@datadir AS folder');
  const folder = String(row?.['folder']);
  // The folder may be another machine's, or another server's here: it must hold this database. A
  // name that the server spells otherwise on disk (`my-app` is `my@002dapp`) counts as not known.
  if (!existsSync(join(folder, database))) return undefined;
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** True where a step needs room, so that it is worth asking. */
export function needsDisk(steps: readonly Step[]): boolean {
  return steps.some(({ path }) => REWRITES.has(path));
}
