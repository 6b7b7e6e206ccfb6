import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Where things that are built once are kept: server roots, empty data folders, FerretDB.
 * Default `~/.cache/switchyard`; `SWITCHYARD_CACHE` names another place.
 */
export function cacheFolder(): string {
  return process.env['SWITCHYARD_CACHE'] ?? join(homedir(), '.cache', 'switchyard');
}

/** The path `name` has in the cache when it is already built, else undefined. */
export async function cached(name: string): Promise<string | undefined> {
  const path = join(cacheFolder(), name);
  return stat(path).then(
    () => path,
    () => undefined,
  );
}

/**
 * The folder `name` of the cache, built if it is not there. Built under a temporary name and
 * renamed when complete, so that it is never seen half-built; runs at the same time build it once.
 */
export async function buildOnce(
  name: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const ready = await cached(name);
  if (ready !== undefined) return ready;
  return locked(name, async () => (await cached(name)) ?? (await buildAside(name, build)));
}

/** Runs `use` while no other process on this machine runs one under the same name. */
export async function locked<T>(name: string, use: () => Promise<T>): Promise<T> {
  await mkdir(cacheFolder(), { recursive: true });
  const unlock = await lock(join(cacheFolder(), `${name}.lock`));
  try {
    return await use();
  } finally {
    await unlock();
  }
}

async function buildAside(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const aside = join(cacheFolder(), `${name}.building-${process.pid}`);
  await rm(aside, { recursive: true, force: true });
  try {
    await mkdir(aside);
    await build(aside);
    const path = join(cacheFolder(), name);
    await rename(aside, path);
    return path;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** A lock file with the pid of its holder; the lock of a dead process is taken over. */
async function lock(path: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (await isAbandoned(path)) await rm(path, { force: true });
      await sleep(100);
    }
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
