import type { Step } from './plan.ts';

/** Values that JSON has no form for, as the ledger keeps them. */
const TAG = '$switchyard';

/** Steps as text, values bound to data statements included. */
export function keepSteps(steps: readonly Step[]): string {
  return JSON.stringify(steps, function (this: Record<string, unknown>, key, value: unknown) {
    const raw = this[key]; // before toJSON turned dates and buffers into something else
    if (raw instanceof Date) return { [TAG]: 'date', value: raw.toISOString() };
    if (Buffer.isBuffer(raw)) return { [TAG]: 'bytes', value: raw.toString('base64') };
    if (typeof raw === 'bigint') return { [TAG]: 'bigint', value: raw.toString() };
    return value;
  });
}

/** The steps that `keepSteps` wrote. */
export function keptSteps(text: string): Step[] {
  return JSON.parse(text, (_key, value: unknown) => revive(value)) as Step[];
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(TAG in value)) return value;
  const { [TAG]: kind, value: text } = value as { [TAG]: string; value: string };
  if (kind === 'date') return new Date(text);
  if (kind === 'bytes') return Buffer.from(text, 'base64');
  return BigInt(text);
}
