import type { ShardPlan, Step } from './plan.ts';

/** What a piece of a printed plan is, for the caller that gives it a colour. */
export type PlanTone = 'heading' | 'cheap' | 'costly' | 'refused' | 'quiet';

/** How a plan is printed. */
export interface FormatOptions {
  /** Colours a piece of text. Default: plain. */
  readonly paint?: (tone: PlanTone, text: string) => string;
  /** Longest clause that is printed whole. Default 60 characters. */
  readonly clauseWidth?: number;
  /** Longest line. A table that is wider is printed step by step. Default: lines of any length. */
  readonly columns?: number;
}

/** A step on all shards on which it goes the same way. */
interface Line {
  /** The one with the most rows: what its note says holds for the others. */
  step: Step;
  readonly shards: string[];
  least: number;
  most: number;
  bytes: number;
}

const HEADINGS = ['#', 'table', 'clause', 'path', 'lock', 'rows', 'bytes', 'shards'];
const COSTLY = new Set(['rebuild', 'copy', 'shadow-copy', 'data', 'other']);
const SHARDS_NAMED = 4;

/**
 * Plans as a matrix for people: per migration one line per clause and way, with the shards that take
 * it, then the refusals and the blockers, with remedies. Aligned; plain unless painted.
 */
export function formatPlan(plans: readonly ShardPlan[], options: FormatOptions = {}): string {
  return [...groupBy(plans, keyOf).values()]
    .flatMap((group) => formatMigration(group, options))
    .join('\n');
}

function keyOf(plan: ShardPlan): string {
  return `${plan.migration} ${plan.direction}`;
}

function groupBy(
  plans: readonly ShardPlan[],
  key: (plan: ShardPlan) => string,
): Map<string, ShardPlan[]> {
  const groups = new Map<string, ShardPlan[]>();
  for (const plan of plans) groups.set(key(plan), [...(groups.get(key(plan)) ?? []), plan]);
  return groups;
}

function formatMigration(plans: readonly ShardPlan[], options: FormatOptions): string[] {
  const paint = options.paint ?? ((_tone, text) => text);
  const [first] = plans;
  if (first === undefined) return [];
  const way = first.direction === 'down' ? ' (down)' : '';
  const lines = linesOf(plans);
  const refusals = refusalLines(plans);
  const rows = rowsOf(lines, plans.length, options.clauseWidth ?? 60);
  const columns = options.columns ?? Infinity;
  const long = (tone: PlanTone) => (line: string) =>
    wrapped(line, columns, 2).map((part) => paint(tone, part));
  return [
    ...wrapped(`${first.migration}${way}`, columns, 0).map((part) => paint('heading', part)),
    ...(rows.length === 0 ? [] : stepLines([HEADINGS, ...rows], lines, paint, columns)),
    ...(rows.length === 0 && refusals.length === 0 ? ['  nothing to do'] : []),
    ...refusals.flatMap(long('refused')),
    ...plans.flatMap(blockerLines).flatMap(long('quiet')),
  ];
}

/** Steps in the order in which they first appear, apart where shards take different ways. */
function linesOf(plans: readonly ShardPlan[]): Line[] {
  const byStep = new Map<string, Map<string, Line>>();
  for (const plan of plans) {
    for (const step of plan.steps) {
      const ways = byStep.get(step.id) ?? new Map<string, Line>();
      const way = `${step.path} ${step.lock}`;
      const line = ways.get(way) ?? { step, shards: [], least: Infinity, most: 0, bytes: 0 };
      line.shards.push(plan.shard);
      if (step.rows > line.most) line.step = step;
      line.least = Math.min(line.least, step.rows);
      line.most = Math.max(line.most, step.rows);
      line.bytes += step.bytes;
      byStep.set(step.id, ways.set(way, line));
    }
  }
  return [...byStep.values()].flatMap((ways) => [...ways.values()]);
}

function rowsOf(lines: readonly Line[], shardCount: number, clauseWidth: number): string[][] {
  let number = 0;
  let last: string | undefined;
  return lines.map(({ step, shards, least, most, bytes }) => {
    const again = step.id === last;
    last = step.id;
    if (!again) number += 1;
    return [
      again ? '' : `${number}`,
      again ? '' : (step.table ?? '-'),
      again ? '' : shortened(step.clause, clauseWidth),
      step.path + (step.readsData ? ' (reads rows)' : ''),
      step.lock,
      least === most ? count(most) : `${count(least)}-${count(most)}`,
      size(bytes),
      shardList(shards, shardCount) + (step.note === '' ? '' : `  ${step.note}`),
    ];
  });
}

/** As a table where it fits, else step by step. */
function stepLines(
  rows: readonly (readonly string[])[],
  lines: readonly Line[],
  paint: NonNullable<FormatOptions['paint']>,
  columns: number,
): string[] {
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const total = widths.reduce((sum, width) => sum + width + 2, 0);
  if (total <= columns) return aligned(rows, lines, paint);
  return rows.slice(1).flatMap((row, i) => {
    const [number = '', table = '', clause = '', path = '', lock = '', ...more] = row;
    const [count = '', bytes = '', shards = ''] = more;
    const tone = COSTLY.has(lines[i]?.step.path ?? '') ? 'costly' : 'cheap';
    const what = number === '' ? [] : wrapped(`${number}  ${table}  ${clause}`, columns, 2);
    const how = `${path}, lock ${lock}, ${count} rows, ${bytes}, ${shards}`;
    return [...what, ...wrapped(how, columns, 5)].map((line) => paint(tone, line));
  });
}

function aligned(
  rows: readonly (readonly string[])[],
  lines: readonly Line[],
  paint: NonNullable<FormatOptions['paint']>,
): string[] {
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows.map((row, i) => {
    const text = `  ${row.map((cell, j) => cell.padEnd(widths[j] ?? 0)).join('  ')}`.trimEnd();
    const line = lines[i - 1];
    if (line === undefined) return paint('quiet', text);
    return paint(COSTLY.has(line.step.path) ? 'costly' : 'cheap', text);
  });
}

/** One line per reason, with the shards that have it. */
function refusalLines(plans: readonly ShardPlan[]): string[] {
  const shardsOf = new Map<string, string[]>();
  for (const plan of plans) {
    for (const { rule, table, clause, reason, remedy, flag } of plan.refusals) {
      const what = table === undefined ? clause : `${table}: ${clause}`;
      const allow = flag === undefined ? '' : ` (--allow ${flag})`;
      const text = `${shortened(what, 100)}: ${reason}. ${remedy}${allow}. [${rule}]`;
      shardsOf.set(text, [...(shardsOf.get(text) ?? []), plan.shard]);
    }
  }
  return [...shardsOf].map(
    ([text, shards]) => `refused on ${shardList(shards, plans.length)}: ${text}`,
  );
}

function blockerLines({ shard, blockers }: ShardPlan): string[] {
  return blockers.map(({ table, reason, remedy }) => {
    const where = table === undefined ? shard : `${shard}, ${table}`;
    return `in the way on ${where}: ${reason}. ${remedy}.`;
  });
}

function shardList(shards: readonly string[], all: number): string {
  if (shards.length === all && all > SHARDS_NAMED) return `all ${all}`;
  if (shards.length <= SHARDS_NAMED) return shards.join(', ');
  const named = shards.slice(0, SHARDS_NAMED - 1);
  return `${named.join(', ')} and ${shards.length - named.length} more`;
}

function shortened(clause: string, most: number): string {
  const line = clause.replaceAll(/\s+/g, ' ').trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

function count(rows: number): string {
  if (rows < 10_000) return `${rows}`;
  return rows < 1_000_000 ? `${Math.round(rows / 1000)}k` : `${(rows / 1_000_000).toFixed(1)}M`;
}

function size(bytes: number): string {
  if (bytes < 1_048_576) return `${Math.ceil(bytes / 1024)} KB`;
  const mega = bytes / 1_048_576;
  return mega < 1024 ? `${Math.round(mega)} MB` : `${(mega / 1024).toFixed(1)} GB`;
}

/** Words in lines of at most `columns` characters, each line indented. A longer word stays whole. */
function wrapped(text: string, columns: number, indent: number): string[] {
  if (text.length + indent <= columns) return [' '.repeat(indent) + text];
  const lines: string[] = [];
  for (const word of text.split(/ +/)) {
    const last = lines.at(-1);
    if (last !== undefined && indent + last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines.map((line) => ' '.repeat(indent) + line);
}
