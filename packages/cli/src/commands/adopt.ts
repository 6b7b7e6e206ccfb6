import {
  adopt as adoptDatabase,
  readAdoption,
  type Adoption,
  type AdoptEvent,
  type TenantSource,
} from '@switchyard/migrator';
import { printName } from '@switchyard/shard-context/internal';
import { UsageError } from '../config/config-errors.ts';
import type { Screen } from '../output/screen.ts';
import { table } from '../output/table.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Options of `switchyard adopt`. */
export interface AdoptOptions {
  readonly dryRun: boolean;
  readonly tenant?: readonly string[] | undefined;
  /** `account.id` */
  readonly tenantsFromTable?: string | undefined;
  readonly tenantsFromFile?: string | undefined;
  readonly migrationsTable: string;
}

/** Makes an existing database the first shard. */
export async function adopt(line: CommandLine, options: AdoptOptions): Promise<ExitCode> {
  const { config, lockFile, fleet, openUnchecked, screen } = line;
  const request = {
    ...{ topology: config.topology, lockFile, fleet, openUnchecked },
    directory: config.directory,
    tenants: tenantSource(options),
    migrationsTable: options.migrationsTable,
    ...(config.entities !== undefined && { entities: config.entities }),
  };
  const adoption = await readAdoption(request);
  show(screen, adoption, options.dryRun);
  if (adoption.isComplete) {
    screen.say('\nAdopted before. Nothing to do.');
    return EXIT.done;
  }
  if (options.dryRun) {
    screen.say('\nDry run: nothing was written.');
    return EXIT.done;
  }
  screen.say();
  await adoptDatabase(request, (event) => showEvent(screen, event));
  return EXIT.done;
}

function tenantSource(options: AdoptOptions): TenantSource {
  const { tenant, tenantsFromTable, tenantsFromFile } = options;
  const given = [tenant, tenantsFromTable, tenantsFromFile].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UsageError(
      'adopt',
      given.length === 0 ? 'no one says whose rows these are' : 'the tenants come from two places',
      'Give one of --tenant <name>, --tenants-from-table account.id, --tenants-from-file <path>',
    );
  }
  if (tenant !== undefined) return { kind: 'list', tenants: tenant };
  if (tenantsFromFile !== undefined) return { kind: 'file', path: tenantsFromFile };
  const [name, column, more] = (tenantsFromTable ?? '').split('.');
  if (name === undefined || column === undefined || more !== undefined) {
    throw new UsageError('adopt', `${tenantsFromTable} is no table and column`, 'Write account.id');
  }
  return { kind: 'table', table: name, column };
}

/** All that would be written, and what was found. */
function show(screen: Screen, adoption: Adoption, inFull: boolean): void {
  const { shard, baseline, pending, tenants, floors, narrowIds, tables } = adoption;
  screen.event({ event: 'adoption-planned', ...adoption, shard: shard.name });
  if (screen.json) return;
  screen.say(
    screen.style('bold', `${shard.name}: database ${shard.database} on ${shard.server.name}`),
  );
  const rows = [
    ['identity', adoption.uuid ?? 'a new uuid, in shard_identity and in the lock file'],
    ['tables', `${tables.length}, left as they are`],
    [
      'system tables',
      'shard_identity, shard_tenant, shard_tenant_counter, shard_ledger, shard_lease, 1 procedure',
    ],
    [
      'session',
      `time zone ${adoption.session.timeZone ?? 'as declared'}, sql_mode '${adoption.session.sqlMode ?? ''}'`,
    ],
    ['baseline', `${baseline.length} migrations that TypeORM has run`],
    ['pending', pending.length === 0 ? 'none' : pending.join(', ')],
    [
      'tenants',
      `${tenants.length}: ${tenants.slice(0, 5).map(printName).join(', ')}${tenants.length > 5 ? ', …' : ''}`,
    ],
    ['id floors', floors.map(({ table: name, floor }) => `${name} ${floor}`).join(', ') || 'none'],
  ];
  for (const line of table(rows)) screen.say(`  ${line}`);
  for (const { name } of inFull ? baseline : []) screen.say(screen.style('dim', `    ${name}`));
  for (const { table: name, column, type } of narrowIds) {
    const what = `${name}.${column} is ${type}: widen it to BIGINT before a second shard is made`;
    screen.say(screen.style('yellow', `  ${what}`));
  }
}

function showEvent(screen: Screen, event: AdoptEvent): void {
  screen.event(event);
  switch (event.event) {
    case 'baseline-noted':
      return screen.say(`  baseline of ${event.migrations} migrations noted`);
    case 'identity-stamped':
      return screen.say(`  identity stamped; ${event.lockFile} written`);
    case 'tenants-admitted':
      return screen.say(`  ${event.tenants} tenants admitted`);
    case 'adopted':
      return screen.say(screen.style('green', `  ${event.shard} adopted`));
  }
}
