import { existsSync } from 'node:fs';
import { LockFile, type TopologyDefinition } from '@switchyard/shard-context';
import type { FleetOptions, FleetShard } from './fleet-options.ts';

/** Every option that there is: the compiler holds the list and the type together. */
const FIELDS: Readonly<Record<keyof FleetOptions, true>> = {
  ...{ config: true, fleet: true, regions: true, servers: true, shards: true, lockFile: true },
  ...{ entities: true, migrations: true, directory: true, dataSource: true, router: true },
  ...{ contextMissing: true, jobs: true, rollout: true, plan: true, tenantNames: true },
  ...{ session: true },
};

/** What is wrong with the options beside the topology, which judges itself. Empty where nothing is. */
export function optionProblems(options: FleetOptions): string[] {
  const problems = Object.keys(options)
    .filter((name) => !Object.hasOwn(FIELDS, name))
    .map((name) => `${name}: there is no such option`);
  if (options.entities === undefined) problems.push('entities: they are missing');
  if (!isUrl(options.config)) problems.push('config: expected import.meta.url');
  const { store, server } = options.directory ?? {};
  if ((store === undefined) === (server === undefined)) {
    problems.push('directory: expected either a server or a store');
  }
  const known = topologyOf(options).servers?.map(({ name }) => name) ?? [];
  if (typeof server === 'string' && !known.includes(server)) {
    problems.push(`directory.server: the fleet has no server ${server}, only ${known.join(', ')}`);
  }
  return problems;
}

function isUrl(value: unknown): boolean {
  return value instanceof URL || (typeof value === 'string' && URL.canParse(value));
}

/** The topology as the options declare it, with the servers that stand inside of shards. */
export function topologyOf(options: FleetOptions): TopologyDefinition {
  const { fleet, regions, servers = [], shards = [], tenantNames, session } = options;
  const own = shards.flatMap(({ name, server }) =>
    typeof server === 'object' && server !== null ? [{ ...server, name }] : [],
  );
  const named = shards.map((shard) => ({ ...shard, server: serverNameOf(shard) }));
  const names = tenantNames === undefined ? {} : { tenantNames };
  const sessions = session === undefined ? {} : { session };
  return { fleet, regions, servers: [...servers, ...own], shards: named, ...names, ...sessions };
}

function serverNameOf({ name, server }: FleetShard): string {
  return typeof server === 'object' && server !== null ? name : server;
}

/** The lock file that the options name, or the one beside the config. */
export function lockFileOf({ lockFile, config, fleet }: FleetOptions): LockFile {
  if (lockFile instanceof LockFile) return lockFile;
  return new LockFile(lockFile ?? new URL('./switchyard.lock.json', config), fleet);
}

/** The migrations that the options name, or the folder beside the config where there is one. */
export function migrationsOf({ migrations, config }: FleetOptions) {
  if (typeof migrations === 'string') return [migrations];
  const folder = new URL('./migrations/', config);
  return migrations ?? (existsSync(folder) ? folder : []);
}
