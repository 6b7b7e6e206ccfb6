import type { Variant } from './harness.ts';

/** Adds up the CPU time and the time of the slices of one variant. */
export interface CpuCount {
  readonly around: Required<Pick<Variant, 'before' | 'after'>>;
  /** CPU time of the process, user and system, as a share of the time: 1 is one core in full. */
  microsPerMs(): number;
}

/** A count for one variant; the warm-up is part of it. */
export function cpuOf(): CpuCount {
  let [cpu, ms] = [0, 0];
  let began: { cpu: NodeJS.CpuUsage; at: number } | undefined;
  return {
    around: {
      before: () => void (began = { cpu: process.cpuUsage(), at: performance.now() }),
      after: () => {
        const { user, system } = process.cpuUsage(began?.cpu);
        cpu += (user + system) / 1_000;
        ms += performance.now() - (began?.at ?? 0);
      },
    },
    microsPerMs: () => cpu / ms,
  };
}
