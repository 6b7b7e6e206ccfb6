import { readFile } from 'node:fs/promises';
import { locked } from './cache-folder.ts';
import { findProgram } from './find-program.ts';
import { mustRun } from './run-command.ts';
import { say } from './say.ts';

/** Thrown where a server cannot be had on this machine at all (as against: does not start). */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}

/**
 * The path of `program`, installed from Debian's `packages` first where it is missing, this is
 * Debian, and we are root.
 * @throws ServerUnavailableError where it is missing and must not or cannot be installed
 */
export async function requireProgram(
  program: string,
  packages: readonly string[],
): Promise<string> {
  const found = await findProgram(program);
  if (found !== undefined) return found;
  const obstacle = await whyNoInstall();
  if (obstacle !== undefined) throw unavailable(program, obstacle);
  // Two apt-gets at once fail on each other's locks.
  await locked('apt', () => installPackages(program, packages));
  const installed = await findProgram(program);
  if (installed === undefined) throw unavailable(program, `${packages.join(' ')} did not bring it`);
  return installed;
}

/**
 * Runs an installation, a second time where it fails: networks and package lists have bad moments.
 * @throws ServerUnavailableError with the second failure as its cause
 */
export async function installTwice(what: string, install: () => Promise<void>): Promise<void> {
  try {
    await install();
  } catch (error) {
    say(`${what} failed, trying once more: ${firstLine(error)}`);
    await install().catch((cause: unknown) => {
      throw new ServerUnavailableError(`${what} failed twice: ${firstLine(cause)}`, { cause });
    });
  }
}

async function installPackages(program: string, packages: readonly string[]): Promise<void> {
  if ((await findProgram(program)) !== undefined) return;
  const names = packages.join(' ');
  say(`${program} is missing: apt-get install ${names} (SWITCHYARD_NO_INSTALL=1 forbids it)`);
  await installTwice(`apt-get install ${names}`, async () => {
    const quiet = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
    // Debian starts a server when it is installed; ours are started privately.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    await mustRun('apt-get', [...quiet, 'update'], { env });
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    await mustRun('apt-get', [...quiet, ...install], { env });
  });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' | ');
}

async function whyNoInstall(): Promise<string | undefined> {
  if (process.env['SWITCHYARD_NO_INSTALL'] === '1') return 'SWITCHYARD_NO_INSTALL=1';
  if (process.getuid?.() !== 0) return 'not root';
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*debian/m.test(release) ? undefined : 'not Debian';
}

function unavailable(program: string, reason: string): ServerUnavailableError {
  return new ServerUnavailableError(
    `${program} is not on the PATH and was not installed (${reason}). ` +
      'Install it, start a Docker engine, or give an address in SWITCHYARD_TEST_*_URL',
  );
}
