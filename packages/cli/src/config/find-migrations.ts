import { dirname } from 'node:path';
import { loadMigrations, type MigrationFile } from '@switchyard/migrator';
import { importFile } from './import-file.ts';
import type { LoadedConfig } from './load-config.ts';

/**
 * Loads the migrations of a config; globs are relative to it.
 * @throws MigrationFileError naming the file that is broken
 */
export function findMigrations({ path, config }: LoadedConfig): Promise<MigrationFile[]> {
  const { migrations } = config;
  const sources = typeof migrations === 'string' ? [migrations] : migrations;
  return loadMigrations(sources, { from: dirname(path), importFile });
}
