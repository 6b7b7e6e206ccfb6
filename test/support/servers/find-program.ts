import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

// Debian keeps servers in sbin, which is not on the PATH of ordinary users.
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

/** The full path of a program on the PATH (or in an sbin folder), or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of FOLDERS.filter((f) => f !== '')) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** True where `path` is a file that this user may execute. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
