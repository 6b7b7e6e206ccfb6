/**
 * The named steps of a copy, in order, each passed right after what it names was done (`before-…`:
 * right before). A kill at each of them is tested.
 */
export const COPY_STEPS = [
  'state-made',
  'shadow-made',
  'log-made',
  'before-triggers',
  'trigger-made',
  'recording',
  'before-chunk-commit',
  'chunk-committed',
  'before-batch-commit',
  'batch-committed',
  'copied',
  'verified',
  'before-lock',
  'locked',
  'drained',
  'before-rename',
  'renamed',
  'late-changes-repaired',
  'triggers-dropped',
  'log-dropped',
  'old-table-dropped',
  'abort-noted',
  'shadow-dropped',
] as const;

/** A named step of a copy. */
export type CopyStep = (typeof COPY_STEPS)[number];

/** Is told of each step as it is passed: tests kill the process here. Does nothing otherwise. */
export interface Failpoints {
  pass(step: CopyStep): void | Promise<void>;
}

/** Passes every step. */
export const noFailpoints: Failpoints = { pass: () => undefined };
