import { buildOnce, cached } from './cache-folder.ts';
import { requireProgram } from './install.ts';
import { mustRun } from './run-command.ts';
import { say } from './say.ts';

const NAME = 'debian-sid';
/** MySQL is in Debian's sid only, and so is the DocumentDB extension that FerretDB needs. */
const PACKAGES = ['mysql-server-core', 'postgresql-18-documentdb'];
const ATTEMPTS = 2;

/** The folder of the small Debian sid with MySQL and PostgreSQL, when it is already built. */
export function builtDebianSid(): Promise<string | undefined> {
  return cached(NAME);
}

/**
 * A small Debian sid in the cache folder, for the servers that this Debian does not have. Building
 * it takes about a minute and 1.1 GB; sid moves, so a failed attempt is tried once more.
 * @throws ServerUnavailableError without Debian and root, Error when both attempts fail
 */
export function debianSid(): Promise<string> {
  return buildOnce(NAME, async (folder) => {
    const debootstrap = await requireProgram('debootstrap', ['debootstrap']);
    say(`building Debian sid with ${PACKAGES.join(' and ')} in the cache folder (about a minute)`);
    for (let attempt = 1; ; attempt++) {
      const args = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, 'sid', folder];
      const failure = await mustRun(debootstrap, args).then(() => undefined, asError);
      if (failure === undefined) return;
      if (attempt === ATTEMPTS) throw failure;
      say(`debootstrap failed, trying once more: ${failure.message}`);
    }
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
