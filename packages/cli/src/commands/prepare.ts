import { prepareFleet, type PrepareEvent } from '@switchyard/migrator';
import type { Screen } from '../output/screen.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard prepare`. */
export interface PrepareOptions {
  readonly allWritersInterleaved: boolean;
  readonly createDatabases: boolean;
  readonly schema: 'copy' | 'replay';
}

/** Makes Switchyard's tables on every shard, the directory's, and the lock file. */
export async function prepare(line: CommandLine, options: PrepareOptions): Promise<ExitCode> {
  const { config, lockFile, fleet, openUnchecked, screen } = line;
  const { topology, directory } = config;
  await prepareFleet({ topology, lockFile, fleet, openUnchecked, directory, ...options }, (event) =>
    show(screen, event),
  );
  return EXIT.done;
}

function show(screen: Screen, event: PrepareEvent): void {
  screen.event(event);
  switch (event.event) {
    case 'surveyed':
      return screen.say(`${event.shards} shards answer`);
    case 'shard-prepared':
      return screen.say(
        `  ${event.shard}  ${screen.style('green', event.stamped ? 'prepared' : 'was prepared')}`,
      );
    case 'schema-brought':
      return screen.say(
        `  ${event.shard}  has the schema of ${event.from}: ${event.tables} tables, ${event.migrations} migrations`,
      );
    case 'id-floors-noted':
      return screen.say(
        `  ${event.shard}  gets its tables from migrate; ${event.floors} of them begin above the ids of ${event.from}`,
      );
    case 'directory-prepared':
      return screen.say('  directory  prepared');
    case 'lock-file-written':
      return screen.say(`  ${event.path}`);
  }
}
