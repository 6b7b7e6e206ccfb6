import { summarise, timing, type RowResult } from './harness.ts';

/** Ours beside a peer, both synchronous and too short to be timed one by one. */
export interface MicroRow {
  readonly row: string;
  /** One operation; return something, so that the compiler cannot drop it. */
  readonly ours: (i: number) => unknown;
  readonly peer: (i: number) => unknown;
}

const PASSES = 6;
const SLICE_MS = 5;
const CALIBRATION_CALLS = 30_000;

/**
 * {@link compare} for synchronous operations: nanoseconds of CPU per call rather than time on the
 * wall, so that what else runs on the machine does not count.
 */
export function micro(bench: string, row: MicroRow, { rounds } = timing()): RowResult {
  // The control is a function of its own: the same one would share the peer's compiled code.
  const variants = [row.peer, row.ours, row.peer].map(isolated);
  const calls = variants.map(callsPerSlice);
  const measured = Array.from({ length: rounds }, (_, round) => {
    const cpu = variants.map(() => 0);
    for (let pass = 0; pass < PASSES; pass++) {
      for (let k = 0; k < variants.length; k++) {
        const index = (k + round + pass) % variants.length;
        cpu[index]! += variants[index]!(calls[index]!);
      }
    }
    return cpu.map((ns, index) => ns / PASSES / calls[index]!);
  });
  return summarise(bench, row.row, measured, 1, 'ns/op');
}

/** Nanoseconds of CPU for a number of calls. */
type Timed = (calls: number) => number;

/** A loop of its own for each variant: a shared one would become megamorphic. */
function isolated(run: (i: number) => unknown): Timed {
  const source = `let sink; return (calls) => {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) sink = run(i);
    const { user, system } = process.cpuUsage(before);
    return sink === Symbol.iterator ? 0 : (user + system) * 1000;
  }`;
  return new Function('run', source)(run) as Timed;
}

function callsPerSlice(timed: Timed): number {
  timed(CALIBRATION_CALLS);
  const ns = Math.max(1, timed(CALIBRATION_CALLS));
  return Math.max(1000, Math.floor((SLICE_MS * 1e6 * CALIBRATION_CALLS) / ns));
}
