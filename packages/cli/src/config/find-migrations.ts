import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadMigrations, type MigrationFile, type MigrationSources } from '@switchyard/migrator';
import { importFile } from './import-file.ts';
import type { LoadedConfig } from './load-config.ts';

/**
 * Loads the migrations of a config; globs are relative to it.
 * @throws MigrationFileError naming the file that is broken
 */
export function findMigrations({ path, config }: LoadedConfig): Promise<MigrationFile[]> {
  return loadMigrations(sourcesOf(config.migrations), { from: dirname(path), importFile });
}

function sourcesOf(migrations: LoadedConfig['config']['migrations']): MigrationSources {
  if (typeof migrations === 'string') return [migrations];
  if (!(migrations instanceof URL)) return migrations;
  const folder = fileURLToPath(migrations).replace(/\/$/, '');
  return [`${folder}/*.{ts,mts,js,mjs,cjs}`];
}
