import { SwitchyardError } from './errors.ts';
import type {
  Endpoint,
  ServerDefinition,
  ServerTls,
  ShardDefinition,
  TopologyDefinition,
} from './topology-definition.ts';
import { sessionProblems } from './session/session-problems.ts';
import { tenantNamesProblems } from './tenant-names.ts';

/** One fault of a topology. */
export interface TopologyProblem {
  /** The field, as it is written in code: `shards[1].server`. */
  readonly field: string;
  /** Its fault, and the values that it may have. */
  readonly problem: string;
}

/** The topology is not valid. The error names all problems at once; nothing was changed. */
export class TopologyInvalidError extends SwitchyardError {
  static override readonly code = 'TOPOLOGY_INVALID';
  readonly problems: readonly TopologyProblem[];

  constructor(problems: readonly TopologyProblem[]) {
    super({
      attempted: 'define the topology',
      reason: problems.map(({ field, problem }) => `${field} ${problem}`).join('; '),
      remedy: 'Correct the named fields',
    });
    this.problems = problems;
  }
}

/** Step of interleaved ids: ordinals stay below it. */
const MAX_ORDINAL = 1023;
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const VERSION = /^\d+\.\d+(\.\d+)?$/;
/** MySQL limits a database name to 64 characters; the permitted characters are our own restriction. */
const DATABASE = /^[A-Za-z0-9_$-]{1,64}$/;

/** All problems of a topology, in the order of its fields; empty when it is valid. */
export function topologyProblems(definition: TopologyDefinition): TopologyProblem[] {
  const servers = definition.servers ?? [];
  const shards = definition.shards ?? [];
  const regions = definition.regions ?? [];
  return [
    ...nameProblems('fleet', definition.fleet),
    ...tenantNamesProblems(definition.tenantNames),
    ...sessionProblems(definition.session),
    ...regions.flatMap((region, i) => nameProblems(`regions[${i}]`, region)),
    ...servers.flatMap((server, i) => serverProblems(server, `servers[${i}]`, regions)),
    ...shards.flatMap((shard, i) => shardProblems(shard, `shards[${i}]`, servers)),
    ...repeated('regions', regions, ['', (region) => region]),
    ...repeated('servers', servers, ['.name', ({ name }) => name]),
    ...repeated('shards', shards, ['.name', ({ name }) => name]),
    ...repeated('shards', shards, ['.ordinal', ({ ordinal }) => ordinal]),
    ...repeated('shards', shards, ['.database', (shard) => databaseOf(shard, servers)]),
  ];
}

function nameProblems(field: string, name: unknown): TopologyProblem[] {
  if (typeof name === 'string' && NAME.test(name)) return [];
  const problem = `is ${quote(name)}; expected a lower-case name of at most 32 letters, digits, _ or -`;
  return [{ field, problem }];
}

function serverProblems(
  server: ServerDefinition,
  at: string,
  regions: readonly string[],
): TopologyProblem[] {
  return [
    ...nameProblems(`${at}.name`, server.name),
    ...check(
      regions.includes(server.region),
      `${at}.region`,
      `is ${quote(server.region)}; the declared regions are ${regions.join(', ') || 'none'}`,
    ),
    ...check(
      server.engine === 'mysql' || server.engine === 'mariadb',
      `${at}.engine`,
      `is ${quote(server.engine)}; expected "mysql" or "mariadb"`,
    ),
    ...check(
      server.minVersion === undefined || VERSION.test(server.minVersion),
      `${at}.minVersion`,
      `is ${quote(server.minVersion)}; expected a version such as "10.11.0"`,
    ),
    ...endpointProblems(server.writer, `${at}.writer`),
    ...(server.readers ?? []).flatMap((reader, i) =>
      endpointProblems(reader, `${at}.readers[${i}]`),
    ),
    ...check(
      server.maxConnections === undefined || isWhole(server.maxConnections, 1, 100_000),
      `${at}.maxConnections`,
      `is ${quote(server.maxConnections)}; expected a whole number from 1`,
    ),
    ...check(
      typeof server.credentials === 'function',
      `${at}.credentials`,
      'is missing; expected a function that returns { user, password }',
    ),
    ...tlsProblems(server.tls, `${at}.tls`),
  ];
}

const TLS_FIELDS: Readonly<Record<keyof ServerTls, (value: unknown) => boolean>> = {
  ca: isPem,
  cert: isPem,
  key: isPem,
  passphrase: (value) => typeof value === 'string',
  serverName: (value) => typeof value === 'string' && value !== '',
  minVersion: (value) => value === 'TLSv1.2' || value === 'TLSv1.3',
  verify: (value) => value === 'full' || value === 'authority-only' || value === 'off',
};

/** A wrong or unknown setting is refused: a connection must not be less safe than was intended. */
function tlsProblems(tls: ServerTls | undefined, at: string): TopologyProblem[] {
  if (tls === undefined) return [];
  if (typeof tls !== 'object' || tls === null) {
    return [{ field: at, problem: 'is no object; expected { ca, serverName, … } or {}' }];
  }
  const fields = Object.entries(tls).filter(([, value]) => value !== undefined);
  return [
    ...fields.flatMap(([name, value]) =>
      check(
        TLS_FIELDS[name as keyof ServerTls]?.(value) === true,
        `${at}.${name}`,
        `is wrong; the fields are ${Object.keys(TLS_FIELDS).join(', ')}, certificates and keys as PEM text`,
      ),
    ),
    ...check(
      (tls.cert === undefined) === (tls.key === undefined),
      at,
      'needs cert and key together',
    ),
  ];
}

function isPem(value: unknown): boolean {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.length > 0 && parts.every((part) => String(part).includes('-----BEGIN '));
}

function endpointProblems(endpoint: Endpoint | undefined, at: string): TopologyProblem[] {
  const port = endpoint?.port;
  return [
    ...check(
      typeof endpoint?.host === 'string' && endpoint.host !== '',
      `${at}.host`,
      'is missing; expected a host name or address',
    ),
    ...check(
      port === undefined || isWhole(port, 1, 65_535),
      `${at}.port`,
      `is ${quote(port)}; expected a whole number from 1 to 65535`,
    ),
  ];
}

function shardProblems(
  shard: ShardDefinition,
  at: string,
  servers: readonly ServerDefinition[],
): TopologyProblem[] {
  const known = servers.map(({ name }) => name);
  return [
    ...nameProblems(`${at}.name`, shard.name),
    ...check(
      isWhole(shard.ordinal, 1, MAX_ORDINAL),
      `${at}.ordinal`,
      `is ${quote(shard.ordinal)}; expected a whole number from 1 to ${MAX_ORDINAL}`,
    ),
    ...check(
      known.includes(shard.server),
      `${at}.server`,
      `is ${quote(shard.server)}; the declared servers are ${known.join(', ') || 'none'}`,
    ),
    ...check(
      typeof shard.database === 'string' && DATABASE.test(shard.database),
      `${at}.database`,
      `is ${quote(shard.database)}; expected a database name`,
    ),
    ...check(
      shard.weight === undefined || (Number.isFinite(shard.weight) && shard.weight >= 0),
      `${at}.weight`,
      `is ${quote(shard.weight)}; expected a number from 0`,
    ),
  ];
}

function repeated<T>(
  list: string,
  items: readonly T[],
  [field, keyOf]: [string, (item: T) => string | number],
): TopologyProblem[] {
  const first = new Map<string | number, number>();
  return items.flatMap((item, i) => {
    const key = keyOf(item);
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, i);
    return check(
      earlier === undefined,
      `${list}[${i}]${field}`,
      `repeats that of ${list}[${earlier}] (${quote(key)}); each must be its own`,
    );
  });
}

/** The address of a shard's database. Two names of one server must not hide that it is the same. */
function databaseOf(shard: ShardDefinition, servers: readonly ServerDefinition[]): string {
  const writer = servers.find(({ name }) => name === shard.server)?.writer;
  return `${writer?.host ?? shard.server}:${writer?.port ?? 3306}/${shard.database}`;
}

function check(holds: boolean, field: string, problem: string): TopologyProblem[] {
  return holds ? [] : [{ field, problem }];
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return Number.isInteger(value) && (value as number) >= min && (value as number) <= max;
}

function quote(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}
