import type { KillRule, PlanPolicy, RolloutPolicy, WaveSelector } from '@switchyard/migrator';
import { z } from 'zod';
import type { JobsConfig, SwitchyardConfig } from './switchyard-config.ts';

/**
 * One schema for each field of an option type, and for no other: where the type gets a field that
 * nothing here knows, the compiler says so, instead of the command line refusing it.
 */
type FieldsOf<T> = { readonly [K in keyof T]-?: z.ZodType<T[K]> };

const name = z.string().min(1);
const milliseconds = z.number().int().min(0);
const width = z.number().int().min(1);

/** By what it can do, not by its class: the config may have loaded another copy of the package. */
const topology = z.custom<SwitchyardConfig['topology']>(
  (value) => hasArray(value, 'shards') && hasArray(value, 'servers'),
  'expected what defineTopology() returns',
);
const lockFile = z.custom<SwitchyardConfig['lockFile']>(
  (value) => value instanceof URL || hasFunction(value, 'entries'),
  'expected a LockFile, or the URL of switchyard.lock.json',
);
const directory = z.custom<SwitchyardConfig['directory']>(
  (value) => hasFunction(value, 'prepare'),
  'expected a Directory: an object with prepare()',
);
const contextMissing = z.custom<SwitchyardConfig['contextMissing']>(
  (value) => hasFunction(value, 'read'),
  'expected a ContextMissingFile',
);
const migrations = z.custom<SwitchyardConfig['migrations']>(
  (value) => typeof value === 'string' || (typeof value === 'object' && value !== null),
  'expected migration classes, globs, or the URL of a folder',
);

const wave = z.strictObject({
  shards: z.array(name).optional(),
  region: name.optional(),
  tag: name.optional(),
  count: width.optional(),
  share: z.number().gt(0).max(1).optional(),
} satisfies FieldsOf<WaveSelector>);
const kill = z.strictObject({
  user: name.optional(),
  olderThanMs: milliseconds,
} satisfies FieldsOf<KillRule>);
const stop = z.union(
  [
    z.literal('first-failure'),
    z.strictObject({ failures: width }),
    z.strictObject({ failuresPerWave: width }),
  ],
  'expected "first-failure", { failures: n } or { failuresPerWave: n }',
);
const rollout = z.strictObject({
  canary: z.array(name).optional(),
  waves: z.array(wave).optional(),
  order: z.enum(['declared', 'smallest-first', 'largest-first']).optional(),
  perServer: width.optional(),
  perRegion: width.optional(),
  total: width.optional(),
  stop: stop.optional(),
  holdMs: milliseconds.optional(),
  healthCommand: name.optional(),
  lockWaitSeconds: z.number().min(1).max(3).optional(),
  lockDeadlineMs: milliseconds.optional(),
  kill: z.array(kill).optional(),
  leaseMs: z.number().int().min(1000).optional(),
  reconnectMs: milliseconds.optional(),
} satisfies FieldsOf<RolloutPolicy>);
const plan = z.strictObject({
  smallTableRows: z.number().int().min(0).optional(),
  dataRows: z.number().int().min(0).optional(),
  probeSeconds: z.number().gt(0).optional(),
  rebuild: z.enum(['allow', 'refuse']).optional(),
  native: z.boolean().optional(),
} satisfies FieldsOf<PlanPolicy>);
const jobs = z.strictObject({
  queues: z.array(name).min(1),
  connection: z.custom<JobsConfig['connection']>(isFunction, 'expected a function'),
  prefix: name.optional(),
  signing: z.custom<JobsConfig['signing']>().optional(),
} satisfies FieldsOf<JobsConfig>);

/** What a config has to look like. Unknown fields are wrong: a misspelt one would be ignored. */
const configSchema = z.strictObject({
  topology,
  lockFile,
  entities: z.custom<SwitchyardConfig['entities']>().optional(),
  migrations,
  directory: directory.optional(),
  contextMissing: contextMissing.optional(),
  rollout: rollout.optional(),
  plan: plan.optional(),
  jobs: jobs.optional(),
  close: z.custom<SwitchyardConfig['close']>(isFunction, 'expected a function').optional(),
} satisfies FieldsOf<SwitchyardConfig>);

/** What is wrong with a config, one `field: problem` each. Empty where nothing is. */
export function configProblems(value: unknown): string[] {
  const result = configSchema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(
    ({ path, message }) => `${fieldOf(path) || 'the default export'}: ${message}`,
  );
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function hasArray(value: unknown, key: string): boolean {
  return isObject(value) && Array.isArray(value[key]);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function hasFunction(value: unknown, key: string): boolean {
  return isObject(value) && typeof value[key] === 'function';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
