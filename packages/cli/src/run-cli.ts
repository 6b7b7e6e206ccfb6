import yargs, { type Argv } from 'yargs';
import type { Fleet } from '@switchyard/migrator';
import { isSwitchyardError } from '@switchyard/shard-context';
import {
  EXIT,
  type CommandLine,
  type ExitCode,
  type SharedOptions,
} from './commands/command-line.ts';
import { UsageError } from './config/config-errors.ts';
import { loadConfig, type LoadedConfig } from './config/load-config.ts';
import { adopt } from './commands/adopt.ts';
import { abort, pause, resume } from './commands/control.ts';
import { auditDirectory, rebuildDirectory } from './commands/directory.ts';
import { drift } from './commands/drift.ts';
import { identify } from './commands/identify.ts';
import { checkQueues } from './commands/jobs.ts';
import { migrate } from './commands/migrate.ts';
import { closeCommandLine, openCommandLine } from './commands/open-command-line.ts';
import { plan } from './commands/plan.ts';
import { prepare } from './commands/prepare.ts';
import { revert } from './commands/revert.ts';
import { status } from './commands/status.ts';
import { sayError } from './output/show-error.ts';
import { Screen, type ScreenOptions } from './output/screen.ts';

const SHARED = {
  config: { type: 'string', describe: 'the config file', requiresArg: true },
  json: { type: 'boolean', default: false, describe: 'one event per line as JSON' },
  verbose: { type: 'boolean', default: false, describe: 'show where errors came from' },
} as const;
const PREPARE = {
  'all-writers-interleaved': {
    type: 'boolean',
    default: false,
    describe: 'every writer of the first shard gives out interleaved ids',
  },
  'create-databases': {
    type: 'boolean',
    default: false,
    describe: 'make databases that are missing',
  },
  schema: {
    choices: ['copy', 'replay'] as const,
    default: 'copy' as const,
    describe: 'how a new shard gets its tables',
  },
} as const;
const EXITS =
  'Begin with prepare, or adopt for a database in use; then plan, migrate, status. ' +
  'Exit codes: 0 done, 1 a shard is not done, 2 wrong command line or config, 3 the plan refuses, ' +
  '4 paused or aborted, 130 and 143 ended by a signal.';
const SEE_HELP = 'See switchyard --help';
const TO = { type: 'string', describe: 'the last migration to run', requiresArg: true } as const;
const ONLY = {
  type: 'string',
  array: true,
  alias: 'shard',
  requiresArg: true, // an empty `--only $SHARD` would mean all
  describe: 'shards to work on; default: all',
} as const;
const ALLOW = {
  type: 'string',
  array: true,
  default: [] as string[],
  describe: 'a dangerous step that is meant, as the plan names it',
} as const;

/** Where a command line runs, when it is not a process of its own. */
export interface CliHost {
  /** A config that is loaded already. */
  readonly config?: LoadedConfig;
  readonly out?: ScreenOptions['out'];
  readonly err?: ScreenOptions['err'];
  /** Told where the work on a shard is; for tests, which end a process there. */
  readonly atPoint?: Fleet['atPoint'];
}

/**
 * Runs the command line and returns its exit code (docs/cli.md). Never throws for what a user can
 * do wrong; nothing ends the process.
 */
export async function runCli(args: readonly string[], host: CliHost = {}): Promise<number> {
  let code: number = EXIT.done;
  const run: Run = async (options, command) => {
    code = await runCommand(options, command, host);
  };
  const parser = commands(yargs([...args]).scriptName('switchyard'), run)
    .options(SHARED)
    .strict()
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .epilogue(EXITS)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail(refuse);
  try {
    await parser.parseAsync();
    return code;
  } catch (error) {
    if (!isSwitchyardError(error, UsageError.code)) throw error;
    (host.err ?? process.stderr).write(`${error.message}\n`);
    return EXIT.usage;
  }
}

/**
 * Thrown, because yargs would go on and run the command that it has just found wrong. An option
 * without its value comes as an error of yargs' own.
 */
function refuse(message: string | null, error: Error | undefined): never {
  if (error !== undefined && error.name !== 'YError') throw error;
  const reason = (error?.message ?? message ?? 'wrong').replace(/\.$/, '');
  throw new UsageError('read the command line', reason, SEE_HELP);
}

type Run = (
  options: SharedOptions & { allow?: readonly string[] },
  command: (line: CommandLine) => Promise<ExitCode>,
) => Promise<void>;

function commands(parser: Argv, run: Run): Argv {
  const setUp = directoryCommands(setUpCommands(parser, run), run);
  return controlCommands(migrateCommands(setUp, run), run);
}

function setUpCommands(parser: Argv, run: Run): Argv {
  return parser
    .command(
      'prepare',
      'make the system tables, the directory and the lock file; bring new shards to the schema',
      (command) => command.options({ ...SHARED, ...PREPARE }),
      (options) => run(options, (line) => prepare(line, options)),
    )
    .command(
      'adopt',
      'make a database in use the first shard; --dry-run shows all it would write',
      (command) =>
        command.options({
          ...SHARED,
          'dry-run': { type: 'boolean', default: false, describe: 'show what would be written' },
          tenant: {
            type: 'string',
            array: true,
            requiresArg: true,
            describe: 'whose rows these are',
          },
          'tenants-from-table': { type: 'string', requiresArg: true, describe: 'account.id' },
          'tenants-from-file': { type: 'string', requiresArg: true, describe: 'one a line' },
          'migrations-table': {
            type: 'string',
            default: 'migrations',
            requiresArg: true,
            describe: 'the table of TypeORM',
          },
        }),
      (options) => run(options, (line) => adopt(line, options)),
    )
    .command(
      'identify <shard>',
      'declare that the database behind a shard is that shard from now on',
      (command) =>
        command
          .options({ ...SHARED, yes: { type: 'boolean', default: false, describe: 'it is meant' } })
          .positional('shard', {
            type: 'string',
            demandOption: true,
            describe: 'name of the shard',
          }),
      (options) => run(options, (line) => identify(line, options)),
    );
}

function directoryCommands(parser: Argv, run: Run): Argv {
  return parser.command('directory', 'compare the directory with the shards', (command) =>
    command
      .command(
        'audit',
        'show on which tenants directory and shards contradict each other',
        (audit) =>
          audit.options({
            ...SHARED,
            sample: {
              type: 'number',
              requiresArg: true,
              describe: 'so many tenants; default: all',
            },
          }),
        (options) => run(options, (line) => auditDirectory(line, options)),
      )
      .command(
        'rebuild',
        'let one side follow the other; an audit shows before what that concerns',
        (rebuild) =>
          rebuild.options({
            ...SHARED,
            from: {
              choices: ['shards', 'directory'] as const,
              demandOption: true,
              requiresArg: true,
              describe: 'the side that is right',
            },
            tenant: {
              type: 'string',
              array: true,
              requiresArg: true,
              describe: 'these tenants only; default: all findings',
            },
          }),
        (options) => run(options, (line) => rebuildDirectory(line, options)),
      )
      .demandCommand(1, 'Name a command: directory audit, directory rebuild.'),
  );
}

function migrateCommands(parser: Argv, run: Run): Argv {
  return parser
    .command(
      'plan',
      'show what migrate would do on each shard',
      (command) =>
        command.options({
          ...SHARED,
          to: TO,
          only: ONLY,
          allow: ALLOW,
          down: { type: 'boolean', default: false, describe: 'plan a revert of --to' },
        }),
      (options) => run(options, (line) => plan(line, options)),
    )
    .command(
      'migrate',
      'bring every shard to the newest migration: canary, then waves',
      (command) => command.options({ ...SHARED, to: TO, only: ONLY, allow: ALLOW }),
      (options) => run(options, (line) => migrate(line, options)),
    )
    .command(
      'revert [to]',
      'run down of one migration, by default the newest',
      (command) =>
        command
          .options({ ...SHARED, only: ONLY, allow: ALLOW })
          .positional('to', { type: 'string', describe: 'the migration' }),
      (options) => run(options, (line) => revert(line, options)),
    );
}

function controlCommands(parser: Argv, run: Run): Argv {
  return parser
    .command(
      'status',
      'show which shard has what',
      (command) =>
        command.options({
          ...SHARED,
          require: { type: 'string', requiresArg: true, describe: 'a migration all must have' },
        }),
      (options) => run(options, (line) => status(line, options)),
    )
    .command(
      'drift',
      'compare the tables of the shards with one another and with the entities',
      (command) => command.options({ ...SHARED, only: ONLY }),
      (options) => run(options, (line) => drift(line, options)),
    )
    .command('pause', 'let a running rollout wait', shared, (options) => run(options, pause))
    .command(
      'resume',
      'go on with a rollout that is paused, was killed or has shards pending',
      (command) => command.options({ ...SHARED, to: TO, only: ONLY, allow: ALLOW }),
      (options) => run(options, (line) => resume(line, options)),
    )
    .command('abort', 'end a running rollout', shared, (options) => run(options, abort))
    .command('jobs', 'look at the queues', (command) =>
      command
        .command(
          'check',
          'count what waits and what this version could not run',
          shared,
          (options) => run(options, checkQueues),
        )
        .demandCommand(1, 'Name a command: jobs check.'),
    );
}

function shared(command: Argv) {
  return command.options(SHARED);
}

async function runCommand(
  options: SharedOptions & { allow?: readonly string[] },
  command: (line: CommandLine) => Promise<ExitCode>,
  host: CliHost,
): Promise<ExitCode> {
  const screen = new Screen({ json: options.json, out: host.out, err: host.err });
  let line: CommandLine | undefined;
  try {
    const loaded = host.config ?? (await loadConfig(options.config));
    line = await openCommandLine(loaded, { ...options, atPoint: host.atPoint }, screen);
    return await command(line);
  } catch (error) {
    sayError(screen, error, options.verbose);
    return line === undefined || isUsage(error) ? EXIT.usage : EXIT.pending;
  } finally {
    if (line !== undefined) await closeCommandLine(line).catch(() => undefined);
  }
}

const USAGE = ['USAGE', 'SHARD_UNKNOWN', 'WRITERS_NOT_INTERLEAVED'];

function isUsage(error: unknown): boolean {
  return isSwitchyardError(error) && USAGE.includes(error.code);
}
