import { join } from 'node:path';
import { buildOnce, cached } from './cache-folder.ts';
import { findProgram } from './find-program.ts';
import { installTwice, ServerUnavailableError } from './install.ts';
import { mustRun } from './run-command.ts';
import { say } from './say.ts';

const VERSION = 'v2.7.0';
const NAME = `ferretdb-${VERSION}`;
const PACKAGE = `github.com/FerretDB/FerretDB/v2/cmd/ferretdb@${VERSION}`;

/** True where FerretDB is on the PATH or already built. */
export async function hasFerretdb(): Promise<boolean> {
  return ((await findProgram('ferretdb')) ?? (await cached(NAME))) !== undefined;
}

/**
 * The ferretdb program: from the PATH, else built once by Go into the cache folder (a minute).
 * @throws ServerUnavailableError where there is neither FerretDB nor Go
 */
export async function ferretdb(): Promise<string> {
  const found = await findProgram('ferretdb');
  return found ?? join(await buildOnce(NAME, install), 'ferretdb');
}

async function install(folder: string): Promise<void> {
  const go = await findProgram('go');
  if (go === undefined || process.env['SWITCHYARD_NO_INSTALL'] === '1') {
    const reason = go === undefined ? 'there is no Go to build it' : 'SWITCHYARD_NO_INSTALL=1';
    throw new ServerUnavailableError(`ferretdb is not on the PATH and ${reason}`);
  }
  say(`building FerretDB ${VERSION} in the cache folder (about a minute)`);
  await installTwice(`go install of FerretDB ${VERSION}`, async () => {
    await mustRun(go, ['install', PACKAGE], { env: { GOBIN: folder } });
  });
}
