import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds to wait for the draft of another writer; a turn takes a few milliseconds. */
const PATIENCE_MS = 2000;
const LOOK_AGAIN_MS = 20;
const DRAFT = '.draft';

/**
 * Replaces a small file, one writer after the other, also across processes. A writer first creates a
 * draft beside the file (`<file>.<uuid>.draft`). With the draft in place it looks for other drafts.
 * Only where there is none, it has its turn: `makeText` reads the file. Renaming the draft over the
 * file publishes it and ends the turn, in one step.
 *
 * Of two writers at least one sees the other's draft, so they never both have a turn. A writer that
 * was killed or stopped does not block the others for long: a draft that stays is removed, whether
 * its writer is alive or not. Its writer then cannot publish it, and begins again.
 */
export async function publishInTurn(path: string, makeText: () => Promise<string>): Promise<void> {
  const seen = new Map<string, number>();
  while (!(await tryToPublish(path, makeText, seen))) {
    // Of random length: two writers that have collided would collide again.
    await pause(Math.random() * LOOK_AGAIN_MS);
  }
}

async function tryToPublish(
  path: string,
  makeText: () => Promise<string>,
  seen: Map<string, number>,
): Promise<boolean> {
  if (await mustWait(path, undefined, seen)) return false; // makes no draft, so that no other writer waits for it
  const draft = `${path}.${randomUUID()}${DRAFT}`;
  const file = await open(draft, 'wx');
  try {
    if (await mustWait(path, draft, seen)) return false;
    await file.writeFile(await makeText()); // by its handle, so that a removed draft is not created again
    return await replaced(draft, path);
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

/** True where other writers have drafts. Removes those that it has seen for too long. */
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

/** False where another writer has removed the draft: the turn is over. */
async function replaced(draft: string, path: string): Promise<boolean> {
  try {
    await rename(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
