import { failureNumber, isServerError, ServerError } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ServerFacts } from '../server/server-facts.ts';
import { usedByStoredCode } from './stored-code.ts';
import { moreRowsThan } from './draft-other.ts';
import type { DataProbe, Draft, DraftStep, ShadowWay } from './draft.ts';
import { copyNote, whyNotCopied } from '../shadow-copy/plan-copy.ts';
import { outcomeOf } from '../plan/outcome.ts';
import type { DataCheck, PlanRefusal, Step } from '../plan/plan.ts';
import type { PlanPolicy } from '../plan/planner.ts';
import { sizeOf, tableSizes, type TableSize } from '../plan/table-sizes.ts';

/** A shard that a draft is turned into a plan for. */
export interface BoundShard {
  readonly connection: Connection;
  readonly facts: ServerFacts;
  readonly policy: Required<PlanPolicy>;
  readonly allow: ReadonlySet<string>;
  /** Name of the scratch database that the draft was made in; the shard's own is put instead. */
  readonly scratchName: string;
  /** Views, triggers and routines that earlier steps change: their present definitions say nothing. */
  readonly changedObjects: Set<string>;
}

/** What a draft comes to on one shard: how large its tables are decides the rest. */
export async function bindDraft(
  shard: BoundShard,
  draft: Draft,
): Promise<{ steps: Step[]; refusals: PlanRefusal[] }> {
  const tables = [...new Set(draft.steps.flatMap(({ table }) => table ?? []))];
  const sizes = await tableSizes(shard.connection, shard.facts, tables);
  const refusals = [...draft.refusals, ...(await probed(shard, draft.probes))];
  refusals.push(...(await brokenCode(shard, draft)));
  const steps: Step[] = [];
  for (const step of draft.steps) {
    const bound = await boundStep(shard, step, sizeOf(sizes, step.table));
    if ('rule' in bound) refusals.push(bound);
    else steps.push({ ...bound, readsData: draft.dataReads.length > 0 });
  }
  return { steps, refusals };
}

async function brokenCode(shard: BoundShard, draft: Draft): Promise<PlanRefusal[]> {
  const replaced = draft.steps.map(objectOf);
  const found = await usedByStoredCode(shard.connection, draft.removed, new Set(replaced));
  return found.filter(({ flag }) => flag === undefined || !shard.allow.has(flag));
}

/** The view, trigger or routine that a step makes, replaces or drops. */
function objectOf({ verify, clause }: DraftStep): string {
  if (verify.kind === 'object') return `${verify.object} ${verify.name}`;
  const [, kind = '', name = ''] = /^REPLACE (\w+) `(.*)`$/.exec(clause) ?? [];
  return `${kind.toLowerCase()} ${name}`;
}

type BoundStep = Omit<Step, 'readsData'>;

async function boundStep(
  shard: BoundShard,
  draft: DraftStep,
  size: TableSize,
): Promise<BoundStep | PlanRefusal> {
  const { madeHere, whenSmall, rowVersions, shadow, ...step } = draft;
  void rowVersions;
  const own = { ...size, ...inDatabase(shard, step) };
  const isChanged = shard.changedObjects.has(objectOf(draft));
  shard.changedObjects.add(objectOf(draft));
  if (step.verify.kind === 'object') return isChanged ? own : presentObject(shard, own);
  if (step.path === 'rebuild' && shard.policy.rebuild === 'refuse' && !madeHere) {
    return rebuildRefused(step);
  }
  if (shadow !== undefined && !shard.policy.native) return shadowStep(shard, shadow, own);
  const copies = step.path === 'copy' || whenSmall !== undefined;
  if (!copies) return own;
  const small = madeHere || (await isSmall(shard, step.table));
  // On a small table the server itself looks for orphans.
  const kept = draft.checks.filter(({ when }) => when !== 'both');
  const checks = madeHere ? [] : [...kept, stillSmall(shard, step)];
  if (small) return { ...own, ...smallWay(draft), checks };
  return step.path === 'copy' ? shadowStep(shard, shadow, own) : own;
}

function smallWay({ whenSmall, session, note }: DraftStep): Partial<BoundStep> {
  if (whenSmall === undefined) {
    return { lock: 'shared', note: [SMALL_NOTE, note].filter(Boolean).join('; ') };
  }
  return { ...whenSmall, session: without(session, 'foreign_key_checks') };
}

const SMALL_NOTE = 'small table: copied while writes wait';

function without(session: Step['session'], name: string): Step['session'] {
  return Object.fromEntries(Object.entries(session).filter(([key]) => key !== name));
}

/** A definition that names its database does so on every shard with its own. */
function inDatabase<T extends Pick<Step, 'sql' | 'clause' | 'parameters'>>(
  shard: BoundShard,
  step: T,
): T {
  const put = (text: string) => text.replaceAll(shard.scratchName, shard.facts.database);
  const parameters = step.parameters.map((value) =>
    typeof value === 'string' ? put(value) : value,
  );
  return { ...step, sql: put(step.sql), clause: put(step.clause), parameters };
}

async function presentObject(shard: BoundShard, step: BoundStep): Promise<BoundStep> {
  const outcome = await outcomeOf(shard.connection, { ...step, readsData: false });
  if (outcome !== 'done') return step;
  return {
    ...step,
    path: 'already-there',
    sql: '',
    lock: 'none',
    note: 'the shard has it already',
  };
}

async function isSmall(shard: BoundShard, table: string | undefined): Promise<boolean> {
  if (table === undefined) return false;
  return (await offending(shard, moreRowsThan(table, shard.policy.smallTableRows))) === 0;
}

/** Between planning and running a table may have grown. */
function stillSmall(shard: BoundShard, step: Pick<Step, 'table'>): DataCheck {
  const most = shard.policy.smallTableRows;
  return {
    when: 'before',
    sql: moreRowsThan(step.table ?? '', most),
    failure: `${step.table ?? ''} has more than ${most} rows by now`,
    remedy: 'Plan again',
  };
}

const OFF = 'native changes are off';

/** The last candidate: what the server could only do under a lock is copied beside the table. */
async function shadowStep(
  { connection, policy }: BoundShard,
  shadow: ShadowWay | undefined,
  step: BoundStep,
): Promise<BoundStep | PlanRefusal> {
  const about = `about ${Math.max(step.rows, policy.smallTableRows)} rows`;
  const underLock = `the server can only do it by copying the table (${about}) while writes wait`;
  if (shadow === undefined) return needsCopy(step, underLock, 'Use another change');
  const refused = (reason: string, remedy: string) =>
    needsCopy(step, `${policy.native ? underLock : OFF}, and no shadow copy: ${reason}`, remedy);
  const found = await whyNotCopied(connection, step.table ?? '');
  if (found !== undefined) return refused(found.reason, found.remedy);
  if (!shadow.ready) return refused(shadow.reason, shadow.remedy);
  const note = [copyNote(step), step.note].filter(Boolean).join('; ');
  return { ...step, path: 'shadow-copy', lock: 'none', copy: shadow.copy, note };
}

function needsCopy(step: BoundStepParts, reason: string, remedy: string): PlanRefusal {
  return { rule: 'NEEDS_COPY', table: step.table, clause: step.clause, reason, remedy };
}

type BoundStepParts = Pick<Step, 'table' | 'clause'>;

function rebuildRefused(step: BoundStepParts): PlanRefusal {
  return {
    rule: 'REBUILD_REFUSED',
    table: step.table,
    clause: step.clause,
    reason: 'it rewrites the table in place, and replicas would stand still for as long',
    remedy: "Set the policy to rebuild: 'allow' where replicas do not matter",
  };
}

async function probed(shard: BoundShard, probes: readonly DataProbe[]): Promise<PlanRefusal[]> {
  const refusals: PlanRefusal[] = [];
  for (const probe of probes) {
    const { refusal } = probe;
    if (refusal.flag !== undefined && shard.allow.has(refusal.flag)) continue;
    const count = await answerOf(shard, probe);
    if (count === 0) continue;
    const found = count === 'unknown' ? notChecked(shard, refusal) : refusal;
    if (found.flag === undefined || !shard.allow.has(found.flag)) refusals.push(found);
  }
  return refusals;
}

async function answerOf(shard: BoundShard, probe: DataProbe): Promise<number | 'unknown'> {
  const { sql, parameters, otherwise } = probe;
  try {
    return await offending(shard, sql, parameters);
  } catch (error) {
    if (failureNumber(error) === undefined || otherwise === undefined) throw error;
    return offending(shard, otherwise);
  }
}

function notChecked({ policy }: BoundShard, refusal: PlanRefusal): PlanRefusal {
  return {
    ...refusal,
    rule: 'NOT_CHECKED',
    reason: `counting took longer than ${policy.probeSeconds} s, and it may be that ${refusal.reason}`,
    remedy: 'Check it by hand and allow it by name, or plan with more probeSeconds',
    flag: `unchecked:${refusal.table ?? ''}`,
  };
}

const TOO_LONG = [ServerError.ER_STATEMENT_TIMEOUT, ServerError.ER_QUERY_TIMEOUT];

/** The answer to a question to the shard's rows, within the time that the policy gives it. */
async function offending(
  shard: BoundShard,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<number | 'unknown'> {
  const seconds = shard.policy.probeSeconds;
  const limited =
    shard.facts.engine === 'mariadb'
      ? `SET STATEMENT max_statement_time = ${seconds} FOR ${sql}`
      : sql.replace(/^SELECT/, `SELECT /*+ MAX_EXECUTION_TIME(${seconds * 1000}) */`);
  try {
    const [rows] = await shard.connection.query<RowDataPacket[]>(limited, [...parameters]);
    return Number((rows[0] as { offending?: unknown } | undefined)?.offending ?? 0);
  } catch (error) {
    // Tables that come into being by a rename have no rows that could be counted yet.
    if (isServerError(error, ServerError.ER_NO_SUCH_TABLE)) return 1;
    if (isServerError(error, ...TOO_LONG)) return 'unknown';
    throw error;
  }
}
