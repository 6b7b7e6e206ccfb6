import { readFleetStatus, type FleetStatus, type ShardStatus } from '@switchyard/migrator';
import type { Screen } from '../output/screen.ts';
import { sayTroubles } from '../output/troubles.ts';
import { table } from '../output/table.ts';
import { UsageError } from '../config/config-errors.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard status`. */
export interface StatusOptions {
  /** A migration that has to be on every shard. */
  readonly require?: string | undefined;
}

/** Shows which shard has what, from the ledgers. */
export async function status(line: CommandLine, options: StatusOptions): Promise<ExitCode> {
  const { fleet, screen } = line;
  const wanted = options.require;
  if (wanted !== undefined && !fleet.migrations.some(({ name }) => name === wanted)) {
    const remedy = 'Name a migration of the config, class name and timestamp';
    throw new UsageError('require a migration', `${wanted} is not in the config`, remedy);
  }
  const fleetStatus = await readFleetStatus(fleet);
  show(screen, fleetStatus);
  showContextMissing(line);
  return wanted === undefined ? codeOf(fleetStatus) : codeOfRequired(screen, fleetStatus, wanted);
}

function show(screen: Screen, { shards }: FleetStatus): void {
  for (const shard of shards) screen.event({ event: 'shard-status', ...shard });
  if (screen.json) return;
  const head = ['shard', 'server', 'region', 'applied', 'pending', 'latest', 'state'];
  const rows = shards.map((shard) => [
    shard.shard,
    shard.server,
    shard.region,
    String(shard.applied.length),
    String(shard.pending.length),
    shard.applied.at(-1)?.migration ?? '',
    stateOf(shard, screen),
  ]);
  const [first, ...rest] = table([head, ...rows]);
  screen.say(screen.style('dim', first ?? ''));
  for (const line of rest) screen.say(line);
  for (const shard of shards) sayAside(screen, shard);
  const troubles = shards.flatMap(({ shard, failure }) =>
    failure === undefined ? [] : [{ shard, ...failure }],
  );
  sayTroubles(screen, troubles);
}

/** The call sites of the service that still run without a context; for the time of adoption. */
function showContextMissing({ config, screen }: CommandLine): void {
  if (config.contextMissing === undefined) return;
  const reports = config.contextMissing.read();
  for (const report of reports) screen.event({ event: 'context-missing', ...report });
  const sites = reports.length === 1 ? 'call site' : 'call sites';
  screen.say(`\n${reports.length} ${sites} without a context`);
  const rows = reports.map(({ model, callSite }) => [model ?? '', callSite]);
  for (const line of table(rows)) screen.say(`  ${line}`);
}

function stateOf(shard: ShardStatus, screen: Screen): string {
  const { state } = shard;
  if (state === 'ready') return screen.style('green', state);
  return screen.style(state === 'pending' || state === 'running' ? 'yellow' : 'red', state);
}

function sayAside(screen: Screen, shard: ShardStatus): void {
  const { open, changed, unknown, lease } = shard;
  if (lease.held) screen.say(`${shard.shard}: ${lease.who} is at work`);
  const over =
    lease.control === 'abort' && !lease.held ? ', which the next rollout takes back' : '';
  if (lease.control !== 'run')
    screen.say(`${shard.shard}: ${lease.control} asked for by ${lease.by}${over}`);
  if (open !== undefined) {
    const why = open.outcome === null ? 'was interrupted' : `failed: ${open.outcome}`;
    screen.say(`${shard.shard}: ${open.migration} (${open.direction}) ${why}`);
  }
  for (const name of changed)
    screen.say(`${shard.shard}: the file of ${name} has changed since it ran`);
  for (const name of unknown) screen.say(`${shard.shard}: ${name} ran here and has no file`);
}

function codeOf({ shards }: FleetStatus): ExitCode {
  return shards.every(({ state }) => state === 'ready') ? EXIT.done : EXIT.pending;
}

/** For deploy pipelines: may the code that needs the migration be started? */
function codeOfRequired(screen: Screen, { shards }: FleetStatus, wanted: string): ExitCode {
  const lacking = shards
    .filter(({ applied }) => !applied.some(({ migration }) => migration === wanted))
    .map(({ shard }) => shard);
  screen.event({ event: 'required', migration: wanted, lacking });
  if (lacking.length === 0) screen.say(`\nEvery shard has ${wanted}.`);
  else screen.say(`\n${wanted} is not on ${lacking.join(', ')}.`);
  return lacking.length === 0 ? EXIT.done : EXIT.pending;
}
