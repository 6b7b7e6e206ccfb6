import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds for which somebody else's draft is waited for; a turn takes a few. */
const PATIENCE_MS = 2000;
const LOOK_AGAIN_MS = 20;
const DRAFT = '.draft';

/**
 * Replaces a small file, one writer after the other, whichever processes they are of. A writer's
 * draft beside the file (`<file>.<uuid>.draft`) is its turn: with it in place it looks for other
 * drafts, and only where there is none `makeText` reads the file; renaming the draft over the file
 * publishes it and ends the turn, in one step.
 *
 * Of two writers at least one sees the other's draft, so both never have a turn. Who was killed or
 * stopped holds up nobody for long: a draft that stays is removed, without asking whose it is, and
 * its writer can then not publish any more. If it still lives it begins anew.
 */
export async function publishInTurn(path: string, makeText: () => Promise<string>): Promise<void> {
  const seen = new Map<string, number>();
  while (!(await tryToPublish(path, makeText, seen))) {
    // Of random length: two that have met would meet again.
    await pause(Math.random() * LOOK_AGAIN_MS);
  }
}

async function tryToPublish(
  path: string,
  makeText: () => Promise<string>,
  seen: Map<string, number>,
): Promise<boolean> {
  if (await mustWait(path, undefined, seen)) return false; // makes no draft that others would see
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  const file = await open(draft, 'wx');
  try {
    if (await mustWait(path, draft, seen)) return false;
    await file.writeFile(await makeText()); // by its handle: a removed draft is not made again
    return await replaced(draft, path);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

/** Looks for drafts of others, and removes those that were there long enough. */
async function mustWait(
  path: string,
  own: string | undefined,
  seen: Map<string, number>,
): Promise<boolean> {
  const others = (await draftsOf(path)).filter((draft) => draft !== own);
  for (const draft of others) {
    const since = seen.get(draft) ?? performance.now(); // our own clock: a server's may differ
    seen.set(draft, since);
    if (performance.now() - since > PATIENCE_MS) await rm(draft, { force: true });
  }
  return others.length > 0;
}

async function draftsOf(path: string): Promise<string[]> {
  const folder = dirname(path);
  const names = await readdir(folder);
  return names
    .filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith(DRAFT))
    .map((name) => join(folder, name));
}

/** False where somebody has removed the draft: its turn is over. */
async function replaced(draft: string, path: string): Promise<boolean> {
  try {
    await rename(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
