import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { glob } from 'tinyglobby';
import { MigrationFileError } from './migration-errors.ts';
import { migrationFile, type MigrationClass, type MigrationFile } from './migration-file.ts';

/**
 * Migration classes and glob patterns of files that export some (as TypeORM's `migrations`), or the
 * URL of a folder of such files.
 */
export type MigrationSources =
  readonly (MigrationClass | string)[] | Readonly<Record<string, MigrationClass>> | URL;

/** How files are found and imported. */
export interface LoadOptions {
  /** Folder that patterns are relative to. Default the working directory. */
  readonly from?: string;
  /** Imports a file; default `import()`. The CLI passes one that reads TypeScript. */
  readonly importFile?: (path: string) => Promise<unknown>;
}

/**
 * Loads ordinary TypeORM migrations and puts them in the order of their timestamps.
 * @throws MigrationFileError naming the file that is broken; nothing was changed anywhere
 */
export async function loadMigrations(
  sources: MigrationSources,
  options: LoadOptions = {},
): Promise<MigrationFile[]> {
  const loaded: MigrationFile[] = [];
  for (const source of await listOf(sources)) {
    if (typeof source !== 'string') loaded.push(migrationFile(source));
    else loaded.push(...(await fromPattern(source, options)));
  }
  refuseDuplicates(loaded);
  return loaded.sort((one, other) => one.timestamp - other.timestamp);
}

async function listOf(sources: MigrationSources): Promise<readonly (MigrationClass | string)[]> {
  if (sources instanceof URL) return filesIn(fileURLToPath(sources));
  return Array.isArray(sources) ? sources : Object.values(sources);
}

const FILES = /(?<!\.d)\.[cm]?[jt]s$/;

/** A folder that is still empty is fine; a glob that fits nothing is misspelt. */
async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => FILES.test(name)).map((name) => escapePath(join(folder, name)));
}

function escapePath(path: string): string {
  return path.replace(/[\\*?[\]{}()!]/g, '\\$&');
}

async function fromPattern(pattern: string, options: LoadOptions): Promise<MigrationFile[]> {
  const from = options.from ?? process.cwd();
  const found = await glob(pattern, { cwd: from, absolute: true });
  const paths = found.filter((path) => !/\.d\.[cm]?ts$/.test(path));
  if (paths.length === 0) throw new MigrationFileError(pattern, 'no file fits the pattern');
  const files: MigrationFile[] = [];
  for (const path of paths.sort()) files.push(...(await fromFile(path, options)));
  return files;
}

async function fromFile(path: string, options: LoadOptions): Promise<MigrationFile[]> {
  const importFile = options.importFile ?? ((file) => import(pathToFileURL(file).href));
  const text = await readFile(path, 'utf8');
  let exports: unknown;
  try {
    exports = await importFile(path);
  } catch (cause) {
    throw new MigrationFileError(path, 'it cannot be imported', { cause });
  }
  const classes = new Set(classesIn(exports));
  if (classes.size === 0) throw new MigrationFileError(path, 'it exports no migration class');
  return [...classes].map((found) => migrationFile(found, { file: path, text }));
}

/** As TypeORM looks for classes: in exports, in arrays, in the default export of CommonJS. */
function classesIn(value: unknown): MigrationClass[] {
  if (typeof value === 'function') return [value as MigrationClass];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(classesIn);
}

function refuseDuplicates(files: readonly MigrationFile[]): void {
  const seen = new Map<string, MigrationFile>();
  for (const file of files) {
    const other = seen.get(file.name);
    if (other !== undefined) {
      const where = [other.file, file.file].filter((path) => path !== undefined).join(' and ');
      throw new MigrationFileError(where || file.name, `two migrations are named ${file.name}`);
    }
    seen.set(file.name, file);
  }
}
