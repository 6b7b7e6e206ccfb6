import { readFleetStatus } from '@switchyard/migrator';
import { UsageError } from '../config/config-errors.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';
import { carryOut } from './migrate.ts';
import { requestOf, type PlanOptions } from './plan.ts';

/**
 * Runs `down` of one migration wherever it has run: the one that is named, or the newest that any
 * shard has. One for the whole fleet, so that shards at different points do not revert different
 * ones.
 */
export async function revert(line: CommandLine, options: PlanOptions): Promise<ExitCode> {
  const to = options.to ?? (await newestApplied(line));
  if (to === undefined) {
    line.screen.say('Nothing to revert: no shard has a migration of the config.');
    return EXIT.done;
  }
  return carryOut(line, requestOf(line, { ...options, to, down: true }));
}

async function newestApplied({ fleet }: CommandLine): Promise<string | undefined> {
  const { shards } = await readFleetStatus(fleet);
  const applied = new Set(shards.flatMap((shard) => shard.applied.map((one) => one.migration)));
  const unreachable = shards.find(({ failure }) => failure !== undefined);
  if (unreachable !== undefined) {
    throw new UsageError(
      'revert the newest migration',
      `${unreachable.shard} cannot be read, and may have a newer one`,
      'Name the migration: switchyard revert <migration>',
    );
  }
  return fleet.migrations.filter(({ name }) => applied.has(name)).at(-1)?.name;
}
