import type { PlacedRunner } from '../record-rules.ts';

/** A runner whose place names a tenant: only under one are tenant keys stamped and checked. */
export type TenantRunner = PlacedRunner & {
  readonly place: PlacedRunner['place'] & { readonly tenant: string };
};

/** True where the runner works for a tenant. */
export function isTenantRunner(runner: PlacedRunner): runner is TenantRunner {
  return runner.place.tenant !== undefined;
}
