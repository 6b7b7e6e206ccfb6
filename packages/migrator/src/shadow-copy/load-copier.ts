import type * as copier from '@switchyard/copier';

/** The copier, loaded at first use: a fleet whose changes need no copy never loads it. */
export function loadCopier(): Promise<typeof copier> {
  return import('@switchyard/copier');
}
