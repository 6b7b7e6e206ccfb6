import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isFleet } from '@switchyard/fleet';
import { isSwitchyardError } from '@switchyard/shard-context';
import { ConfigInvalidError, ConfigMissingError, ConfigNotLoadedError } from './config-errors.ts';
import { configProblems } from './config-schema.ts';
import { importFile } from './import-file.ts';
import { configOfFleet, type SwitchyardConfig } from './switchyard-config.ts';

/** Names the config where --config does not: for containers and tests. */
const VARIABLE = 'SWITCHYARD_CONFIG';
const NAMES = ['switchyard.config.ts', 'switchyard.config.js', 'switchyard.config.mjs'];

/** A config and where it came from. */
export interface LoadedConfig {
  readonly path: string;
  readonly config: SwitchyardConfig;
}

/**
 * Loads and checks the config.
 * @throws ConfigMissingError, ConfigNotLoadedError, ConfigInvalidError; what the config itself
 * throws of ours (`TOPOLOGY_INVALID`) passes unchanged
 */
export async function loadConfig(named: string | undefined): Promise<LoadedConfig> {
  const path = findConfig(named);
  const exported = defaultExportOf(await run(path));
  const config = isFleet(exported) ? configOfFleet(exported) : exported;
  const problems = configProblems(config);
  if (problems.length > 0) throw new ConfigInvalidError(path, problems);
  return { path, config: config as SwitchyardConfig };
}

function findConfig(named: string | undefined): string {
  const wanted = named ?? process.env[VARIABLE];
  const candidates = wanted === undefined ? NAMES : [wanted];
  const found = candidates.map((name) => resolve(name)).find((path) => existsSync(path));
  if (found === undefined) throw new ConfigMissingError(candidates);
  return found;
}

async function run(path: string): Promise<unknown> {
  try {
    return await importFile(path);
  } catch (error) {
    if (isSwitchyardError(error)) throw error;
    throw new ConfigNotLoadedError(path, error);
  }
}

function defaultExportOf(module: unknown): unknown {
  const exported = (module as { default?: unknown }).default;
  // A CommonJS config has its default export one level deeper.
  const inner = (exported as { default?: unknown } | undefined)?.default;
  return inner ?? exported;
}
