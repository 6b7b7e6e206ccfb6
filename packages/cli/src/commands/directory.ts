import type { AuditReport, Finding, Repair, RightSide } from '@switchyard/directory';
import { UsageError } from '../config/config-errors.ts';
import type { SwitchyardConfig } from '../config/switchyard-config.ts';
import type { Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard directory audit`. */
export interface AuditCommandOptions {
  readonly sample?: number | undefined;
}

/** Options of `switchyard directory rebuild --from shards`. */
export interface RebuildCommandOptions {
  readonly from: RightSide;
  readonly tenant?: readonly string[] | undefined;
}

type ConfigDirectory = NonNullable<SwitchyardConfig['directory']>;

/** Compares placements and the shards' rows in both directions. Changes nothing. */
export async function auditDirectory(
  line: CommandLine,
  { sample }: AuditCommandOptions,
): Promise<ExitCode> {
  const { screen } = line;
  if (sample !== undefined && !(Number.isSafeInteger(sample) && sample > 0)) {
    throw new UsageError('audit', '--sample is not a whole number above 0', 'Write --sample 1000');
  }
  const report = await directoryOf(line, 'audit').audit({ sample });
  show(screen, report);
  return report.findings.length === 0 ? EXIT.done : EXIT.pending;
}

/** Lets the directory follow the shards, or the shards the directory. */
export async function rebuildDirectory(
  line: CommandLine,
  { from, tenant: tenants }: RebuildCommandOptions,
): Promise<ExitCode> {
  const { screen } = line;
  let [repaired, left] = [0, 0];
  for await (const repair of directoryOf(line, 'rebuild').rebuild({ from, tenants })) {
    screen.event({ event: 'tenant-rebuilt', ...repair });
    const what = repair.repaired ? screen.style('green', 'repaired') : screen.style('red', 'left');
    screen.say(`  ${what}  ${describe(repair).join('  ')}`);
    if (repair.repaired) repaired += 1;
    else left += 1;
  }
  screen.event({ event: 'directory-rebuilt', from, repaired, left });
  screen.say(`${repaired} repaired from the ${from}, ${left} left.`);
  if (left > 0) screen.say(`The ${from} cannot say more: look at these tenants one by one.`);
  return left === 0 ? EXIT.done : EXIT.pending;
}

/** By what it can do: the config may have loaded another copy of the package. */
function directoryOf({ config }: CommandLine, what: 'audit' | 'rebuild') {
  const { directory } = config;
  if (directory?.audit === undefined || directory.rebuild === undefined) {
    const reason = 'the config has no directory that can';
    throw new UsageError(`${what} the directory`, reason, 'Give the config a Directory');
  }
  return directory as Required<ConfigDirectory>;
}

function show(screen: Screen, { tenants, findings }: AuditReport): void {
  for (const finding of findings) screen.event({ event: 'contradiction', ...finding });
  screen.event({ event: 'directory-audited', tenants, findings: findings.length });
  const head = ['tenant', 'finding', 'directory', 'shards'];
  const rows = findings.map(describe);
  if (rows.length > 0) for (const line of table([head, ...rows])) screen.say(line);
  screen.say(`${tenants} tenants, ${findings.length} findings.`);
  const isUnfinished = findings.some(({ finding }) => finding === 'unfinished');
  if (isUnfinished) screen.say('What is unfinished a router completes when it meets it.');
}

function describe({ tenant, finding, placement, rows }: Finding | Repair): string[] {
  const directory =
    placement === undefined
      ? 'unknown'
      : `${placement.state} on ${placement.shard} at ${placement.epoch}`;
  const shards = rows.map(({ shard, row }) => `${row.state} on ${shard} at ${row.epoch}`);
  return [tenant, finding, directory, shards.join(', ') || 'none'];
}
