import { identifyShard } from '@switchyard/mysql';
import { UsageError } from '../config/config-errors.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard identify`. */
export interface IdentifyOptions {
  readonly shard: string;
  readonly yes: boolean;
}

/** Declares that the database behind a shard's address is that shard from now on. */
export async function identify(line: CommandLine, options: IdentifyOptions): Promise<ExitCode> {
  const { config, lockFile, screen } = line;
  const { topology } = config;
  topology.shard(options.shard);
  if (!options.yes) {
    throw new UsageError(
      `identify ${options.shard}`,
      'this says that whatever database answers there is that shard from now on: every process refuses it until the new lock file is deployed, and older states of it are refused for good',
      'Check the address in the topology, then repeat with --yes',
    );
  }
  const { before, identity } = await identifyShard({ topology, lockFile, shard: options.shard });
  screen.event({ event: 'identified', shard: options.shard, before, identity });
  const was =
    before === undefined ? 'nothing' : `${before.name}, incarnation ${before.incarnation}`;
  screen.say(`${options.shard} is incarnation ${identity.incarnation} (it was ${was}).`);
  screen.say(`Deploy ${lockFile.path}: until then every process refuses the shard.`);
  return EXIT.done;
}
