import type { Connection } from 'mysql2/promise';
import { isSwitchyardError } from '@switchyard/shard-context';
import type { CopyDefinition, Step } from '../plan/plan.ts';
import { loadCopier } from './load-copier.ts';

/** Why a table, or a definition of it, cannot be copied. */
export interface CopyRefusal {
  /** One sentence without a full stop. */
  readonly reason: string;
  /** One sentence in the imperative, without a full stop. */
  readonly remedy: string;
}

/** Refusals of the copier that belong into the plan. */
const REFUSALS = ['TABLE_NOT_COPYABLE', 'CHANGE_SOURCE_UNUSABLE', 'DEFINITION_REFUSED'] as const;
/** An assumption, to tell minutes from hours beforehand; the rollout shows the real rate. */
const ROWS_PER_SECOND = 20_000;

/** Looks at the shard's own table. Undefined where it can be copied. */
export async function whyNotCopied(
  connection: Connection,
  table: string,
): Promise<CopyRefusal | undefined> {
  const { checkTable } = await loadCopier();
  const answer = await refusalOr(() => checkTable(connection, table));
  return 'refusal' in answer ? answer.refusal : undefined;
}

/** Makes the new definition of an empty table like the shard's; `look` sees it. */
export async function tryCopy<T>(
  connection: Connection,
  table: string,
  definition: CopyDefinition,
  look: (shadow: string) => Promise<T>,
): Promise<{ readonly value: T } | { readonly refusal: CopyRefusal }> {
  const { tryDefinition } = await loadCopier();
  return refusalOr(() => tryDefinition(connection, { table, definition }, look));
}

async function refusalOr<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly refusal: CopyRefusal }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!isSwitchyardError(error)) throw error;
    const { code, reason, remedy } = error;
    if (!REFUSALS.some((refusal) => refusal === code)) throw error;
    return { refusal: { reason, remedy } };
  }
}

/** What a copy needs, for the reader of a plan. By the server's estimate of the table's size. */
export function copyNote({ rows, bytes }: Pick<Step, 'rows' | 'bytes'>): string {
  const megabytes = Math.max(1, Math.ceil(bytes / 1_048_576));
  const seconds = Math.max(1, Math.ceil(rows / ROWS_PER_SECOND));
  const time = seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `copied beside the table while writes go on: about ${megabytes} MB of free disk, about ${time}`;
}
