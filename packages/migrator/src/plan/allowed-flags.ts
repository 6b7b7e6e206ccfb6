/**
 * What `--allow` can name before its colon, each with what stands behind it. docs/plan.md lists the
 * same ones with their rules; a test holds page, list and planner together.
 */
export const ALLOW_PREFIXES: Readonly<Record<string, AllowedPart>> = {
  'drop-column': 'table.column',
  'drop-used-column': 'table.column',
  'drop-table': 'table',
  'drop-used-table': 'table',
  'drop-primary-key': 'table',
  'rename-column': 'table.column',
  'rename-table': 'table',
  truncate: 'table',
  'drop-partition': 'table.partition',
  'reorder-enum': 'table.column',
  'change-type': 'table.column',
  'replace-column': 'table.column',
  'zero-dates': 'table',
  'break-trigger': 'name',
  'break-view': 'name',
  'break-procedure': 'name',
  'break-function': 'name',
  'break-event': 'name',
  unchecked: 'table',
  'not-awaited': 'migration',
  drift: 'shard',
};

/** What a flag names. */
export type AllowedPart =
  'table' | 'table.column' | 'table.partition' | 'name' | 'migration' | 'shard';

/** Names that a flag can be held against. */
export interface AllowedNames {
  readonly shards: readonly string[];
  readonly migrations: readonly string[];
}

/**
 * Why a value of `--allow` can never allow anything: an unknown prefix, a missing part, a shard or
 * migration that there is not. Undefined where it may be one that a plan names.
 */
export function whyNoFlag(flag: string, names: AllowedNames): string | undefined {
  const colon = flag.indexOf(':');
  const prefix = colon === -1 ? flag : flag.slice(0, colon);
  const rest = colon === -1 ? '' : flag.slice(colon + 1);
  const part = Object.hasOwn(ALLOW_PREFIXES, prefix) ? ALLOW_PREFIXES[prefix] : undefined;
  if (part === undefined) {
    return `"${prefix}" is none of ${Object.keys(ALLOW_PREFIXES).join(', ')}`;
  }
  const parts = part.includes('.') ? 2 : 1;
  const given = parts === 2 ? rest.split('.') : [rest];
  if (given.length < parts || given.includes('')) return `it has to be ${prefix}:${part}`;
  const known =
    part === 'shard' ? names.shards : part === 'migration' ? names.migrations : undefined;
  if (known === undefined || known.includes(rest)) return undefined;
  return `there is no ${part} ${rest} (${known.join(', ') || 'none'})`;
}
