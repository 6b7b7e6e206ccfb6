import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const PREFIX = 'switchyard-run-';
/** Processes that the owner of a run folder starts find it here and put their servers there too. */
const VARIABLE = 'SWITCHYARD_RUN_FOLDER';
let owned: string | undefined;

/**
 * The temporary folder of this run's servers; made at the first call, removed when the process that
 * made it ends. Its file `owner` holds the pid of that process.
 */
export function runFolder(): string {
  const known = process.env[VARIABLE];
  if (known !== undefined && existsSync(known)) return known;
  sweepAbandonedRuns();
  const made = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(made, 'owner'), String(process.pid));
  process.env[VARIABLE] = made;
  process.once('exit', () => removeRun(made));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) endOn(signal);
  return (owned = made);
}

/** A signal ends a process without its `exit` event, unless a listener calls exit. */
function endOn(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal]);
  });
}

/** A new folder `name` (made unique) inside {@link runFolder}, for one server. */
export async function serverFolder(name: string): Promise<string> {
  for (let copy = 0; ; copy++) {
    const path = join(runFolder(), copy === 0 ? name : `${name}-${copy}`);
    if (await makeFolder(path)) return path;
  }
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Kills what still runs from the run folder that this process made, and removes the folder. For the
 * end of a run whose other processes may have left servers behind; `exit` does the same.
 */
export function closeRun(): void {
  if (owned === undefined) return;
  removeRun(owned);
  delete process.env[VARIABLE];
  owned = undefined;
}

/** Runs whose owner was killed with -9 could not clean up; the next run does it for them. */
function sweepAbandonedRuns(): void {
  for (const name of readdirSync(tmpdir())) {
    const path = join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || !isAbandoned(path)) continue;
    try {
      removeRun(path);
    } catch {
      // Another user's: not ours to remove.
    }
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
    return command.includes(basename(dirname(path))) ? pid : undefined;
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
