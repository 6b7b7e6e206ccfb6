import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadMigrations, type MigrationFile } from '@switchyard/migrator';
import { importFile } from './import-file.ts';
import type { LoadedConfig } from './load-config.ts';

/**
 * Loads the migrations of a config; globs are relative to it.
 * @throws MigrationFileError naming the file that is broken
 */
export async function findMigrations({ path, config }: LoadedConfig): Promise<MigrationFile[]> {
  const sources = await sourcesOf(config.migrations);
  return loadMigrations(sources, { from: dirname(path), importFile });
}

async function sourcesOf(migrations: LoadedConfig['config']['migrations']) {
  if (typeof migrations === 'string') return [migrations];
  if (!(migrations instanceof URL)) return migrations;
  const folder = fileURLToPath(migrations);
  const names = await readdir(folder);
  // A folder that is still empty is fine; a glob that fits nothing is misspelt.
  return names.filter((name) => FILES.test(name)).map((name) => escapePath(join(folder, name)));
}

const FILES = /(?<!\.d)\.[cm]?[jt]s$/;

function escapePath(path: string): string {
  return path.replace(/[\\*?[\]{}()!]/g, '\\$&');
}
