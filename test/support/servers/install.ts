import { readFile } from 'node:fs/promises';
import { findProgram } from './find-program.ts';
import { mustRun } from './run-command.ts';
import { say } from './say.ts';

/** Thrown where a server cannot be had on this machine at all (as against: does not start). */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}

let updated = false;

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
  await installPackages(program, packages);
  const installed = await findProgram(program);
  if (installed === undefined) throw unavailable(program, `${packages.join(' ')} did not bring it`);
  return installed;
}

async function installPackages(program: string, packages: readonly string[]): Promise<void> {
  const obstacle = await whyNoInstall();
  if (obstacle !== undefined) throw unavailable(program, obstacle);
  say(
    `${program} is missing: apt-get install ${packages.join(' ')} (SWITCHYARD_NO_INSTALL=1 forbids it)`,
  );
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  // Waits for a lock that another apt-get holds, instead of failing at once.
  const patient = ['-o', 'DPkg::Lock::Timeout=300', '-qq'];
  if (!updated) await mustRun('apt-get', [...patient, 'update'], { env });
  updated = true;
  const install = [...patient, 'install', '-y', '--no-install-recommends', ...packages];
  // Debian starts a server when it is installed; ours are started privately.
  await mustRun('apt-get', install, { env: { ...env, RUNLEVEL: '1' } });
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
