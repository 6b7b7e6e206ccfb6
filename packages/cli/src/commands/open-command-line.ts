import { createPlanner, thisAuthor, type Fleet } from '@switchyard/migrator';
import { whyNoFlag } from '@switchyard/migrator/internal';
import { connectToShard } from '@switchyard/mysql';
import { LockFile, type Shard } from '@switchyard/shard-context';
import { findMigrations } from '../config/find-migrations.ts';
import { UsageError } from '../config/config-errors.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { Screen } from '../output/screen.ts';
import type { CommandLine, SharedOptions } from './command-line.ts';

/** Makes what the commands need from a config. Nothing is connected to yet. */
export async function openCommandLine(
  loaded: LoadedConfig,
  options: SharedOptions & {
    readonly allow?: readonly string[];
    readonly atPoint?: Fleet['atPoint'];
  },
  screen: Screen,
): Promise<CommandLine> {
  const { path, config } = loaded;
  const { topology } = config;
  const lockFile =
    config.lockFile instanceof URL
      ? new LockFile(config.lockFile, topology.fleet)
      : config.lockFile;
  const plannerFor = (allow: readonly string[]) =>
    createPlanner({
      ...(config.plan !== undefined && { policy: config.plan }),
      ...(config.entities !== undefined && { entities: config.entities }),
      allow,
    });
  const migrations = await findMigrations(loaded);
  checkFlags(options.allow ?? [], {
    shards: topology.shards.map(({ name }) => name),
    migrations: migrations.map(({ name }) => name),
  });
  const fleet: Fleet = {
    topology,
    open: (shard) => connectToShard(topology, shard.name, { identity: 'checked', lockFile }),
    author: thisAuthor(),
    policy: config.rollout ?? {},
    migrations,
    planner: plannerFor(options.allow ?? []),
    atPoint: options.atPoint,
  };
  const openUnchecked = (shard: Shard) =>
    connectToShard(topology, shard.name, { identity: 'unchecked' });
  return { config, path, lockFile, fleet, plannerFor, openUnchecked, screen };
}

/** A flag that allows nothing would be found out in the middle of a deploy. @throws UsageError */
function checkFlags(allow: readonly string[], names: Parameters<typeof whyNoFlag>[1]): void {
  for (const flag of allow) {
    const why = whyNoFlag(flag, names);
    if (why === undefined) continue;
    throw new UsageError(`allow ${flag}`, why, 'Copy the flag from `switchyard plan`');
  }
}

/** Closes what the config itself opened. */
export async function closeCommandLine({ config }: CommandLine): Promise<void> {
  await (config.close === undefined ? config.directory?.close?.() : config.close());
}
