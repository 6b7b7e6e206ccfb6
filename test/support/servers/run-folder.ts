import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'switchyard-run-';
let folder: string | undefined;

/**
 * The temporary folder of this process's servers; made at the first call, removed when the process
 * ends. Its file `owner` holds the pid of the process it belongs to.
 */
export function runFolder(): string {
  if (folder !== undefined) return folder;
  sweepAbandonedRuns();
  const made = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(made, 'owner'), String(process.pid));
  process.once('exit', () => removeRun(made));
  return (folder = made);
}

/** A new folder `name` (made unique) inside {@link runFolder}, for one server. */
export async function serverFolder(name: string): Promise<string> {
  for (let copy = 0; ; copy++) {
    const path = join(runFolder(), copy === 0 ? name : `${name}-${copy}`);
    const made = await mkdir(path).then(
      () => true,
      () => false,
    );
    if (made) return path;
  }
}

/** Kills what still runs from this process's run folder and removes the folder. */
export async function closeRun(): Promise<void> {
  if (folder === undefined) return;
  for (const pid of pidsOf(folder)) kill(pid);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  folder = undefined;
}

/** Runs whose owner was killed with -9 could not clean up; the next run does it for them. */
function sweepAbandonedRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (name.startsWith(PREFIX) && isAbandoned(path)) removeRun(path);
  }
}

function isAbandoned(path: string): boolean {
  try {
    process.kill(Number(readFileSync(join(path, 'owner'), 'utf8')), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function removeRun(path: string): void {
  for (const pid of pidsOf(path)) kill(pid);
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

function pidsOf(path: string): number[] {
  try {
    const servers = readdirSync(path, { withFileTypes: true }).filter((e) => e.isDirectory());
    return servers.flatMap((e) => livePid(join(path, e.name)) ?? []);
  } catch {
    return [];
  }
}

/** The pid written in a server's folder, if that process still is the server and not a later one. */
function livePid(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(path, 'pid'), 'utf8'));
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.includes(path) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

/** The text of a log, or an empty string where there is none yet. */
export async function readLog(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
