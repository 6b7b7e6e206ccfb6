import { rm } from 'node:fs/promises';
import { buildOnce, cached } from './cache-folder.ts';
import { installTwice, requireProgram, ServerUnavailableError } from './install.ts';
import { mustRun } from './run-command.ts';
import { say } from './say.ts';

const NAME = 'debian-sid';
/** MySQL is in Debian's sid only, and so is the DocumentDB extension that FerretDB needs. */
const PACKAGES = ['mysql-server-core', 'postgresql-18-documentdb'];

/** The folder of the small Debian sid with MySQL and PostgreSQL, when it is already built. */
export function builtDebianSid(): Promise<string | undefined> {
  return cached(NAME);
}

/**
 * A small Debian sid in the cache folder, for the servers that this Debian does not have. Building
 * it takes about a minute and 1.1 GB.
 * @throws ServerUnavailableError without Debian and root, or when it fails twice (sid moves)
 */
export function debianSid(): Promise<string> {
  return buildOnce(NAME, async (folder) => {
    const obstacle = process.getuid?.() === 0 ? undefined : 'debootstrap needs root';
    if (obstacle !== undefined || process.env['SWITCHYARD_NO_INSTALL'] === '1') {
      const reason = obstacle ?? 'SWITCHYARD_NO_INSTALL=1';
      throw new ServerUnavailableError(`no Debian sid with ${PACKAGES.join(', ')}: ${reason}`);
    }
    const debootstrap = await requireProgram('debootstrap', ['debootstrap']);
    say(`building Debian sid with ${PACKAGES.join(' and ')} in the cache folder (about a minute)`);
    await installTwice('debootstrap of Debian sid', async () => {
      await rm(folder, { recursive: true, force: true });
      const include = `--include=${PACKAGES.join(',')}`;
      await mustRun(debootstrap, ['--variant=minbase', include, 'sid', folder]);
    });
  });
}
