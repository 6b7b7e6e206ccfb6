import { performance } from 'node:perf_hooks';
import { median, spread, type Spread } from './statistics.ts';

/** One way to do the thing that a row measures. */
export interface Variant {
  /** One operation; `i` differs from call to call. */
  readonly run: (i: number) => unknown;
  /** Before each slice of this variant. */
  readonly before?: () => unknown;
  /** After each slice of this variant. */
  readonly after?: () => unknown;
}

/** One line of a benchmark: ours beside a peer, in the same run. */
export interface Row {
  /** `findOneBy` */
  readonly row: string;
  readonly ours: Variant;
  /** What ours is held against. It also serves as its own A/A control. */
  readonly peer: Variant;
  /** Operations in flight. Default 1. */
  readonly concurrency?: number;
}

/** The outcome of a row. Ratios are taken inside a round; their medians over the rounds count. */
export interface RowResult {
  readonly bench: string;
  readonly row: string;
  /** Time per operation, ours / peer: 1.10 is ten per cent slower. */
  readonly ratio: number;
  /** The peer / the same peer: what it shows beside 1 is the noise of this run. */
  readonly control: number;
  /** What `detail` is measured in. */
  readonly unit: string;
  readonly detail: {
    readonly ours: number;
    readonly peer: number;
    readonly ratioSpread: Spread;
    readonly controlSpread: Spread;
    readonly concurrency: number;
    readonly rounds: number;
  };
}

/** How long it measures; the environment may shorten it for a look, never for a figure in the docs. */
export interface Timing {
  /** `BENCH_ROUNDS`, default 7. */
  readonly rounds: number;
  /** Passes over all variants within a round, in rotated order. */
  readonly passes: number;
  /** `BENCH_WARMUP_MS` per variant, default 6000: TypeORM takes seconds to be compiled. */
  readonly warmupMs: number;
  /** `BENCH_SLICE_MS` of one variant at a time, default 250. */
  readonly sliceMs: number;
}

const SETTLE_MS = 10;

/** The timing of this run, from the environment. */
export function timing(): Timing {
  const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
  return {
    rounds: number('BENCH_ROUNDS', 7),
    passes: 4,
    warmupMs: number('BENCH_WARMUP_MS', 6000),
    sliceMs: number('BENCH_SLICE_MS', 250),
  };
}

/**
 * Measures ours, the peer and the peer once more (the control) in short alternating slices, so that
 * the moods of a shared machine hit all three alike.
 */
export async function compare(bench: string, row: Row, time = timing()): Promise<RowResult> {
  const { concurrency = 1 } = row;
  const variants = [row.peer, row.ours, row.peer];
  let calls = 0;
  const slice = (variant: Variant, ms: number) => {
    return runFor(ms, concurrency, () => variant.run(calls++));
  };
  for (const variant of variants) await around(variant, () => slice(variant, time.warmupMs));
  const rounds: (readonly number[])[] = [];
  for (let round = 0; round < time.rounds; round++) {
    rounds.push(await oneRound(variants, round, time, slice));
  }
  return summarise(bench, row.row, rounds, concurrency);
}

type Slice = (variant: Variant, ms: number) => Promise<Measured>;

/** µs per operation of each variant, summed over the passes of one round. */
async function oneRound(
  variants: readonly Variant[],
  round: number,
  time: Timing,
  slice: Slice,
): Promise<readonly number[]> {
  const totals = variants.map(() => ({ operations: 0, ms: 0 }));
  for (let pass = 0; pass < time.passes; pass++) {
    for (const index of rotated(variants.length, round + pass)) {
      const variant = variants[index]!;
      const total = totals[index]!;
      const { operations, ms } = await around(variant, async () => {
        await slice(variant, SETTLE_MS); // What the switch itself costs is not counted.
        return slice(variant, time.sliceMs);
      });
      total.operations += operations;
      total.ms += ms;
    }
  }
  return totals.map(({ operations, ms }) => (ms * 1000) / operations);
}

/** 0 … length-1 from another start each time, and backwards every other time. */
function rotated(length: number, turn: number): number[] {
  const order = Array.from({ length }, (_, i) => (i + turn) % length);
  return turn % 2 === 0 ? order : order.reverse();
}

interface Measured {
  readonly operations: number;
  readonly ms: number;
}

async function runFor(ms: number, concurrency: number, run: () => unknown): Promise<Measured> {
  const start = performance.now();
  let operations = 0;
  const worker = async () => {
    do {
      await run();
      operations++;
    } while (performance.now() - start < ms);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { operations, ms: performance.now() - start };
}

async function around<T>(variant: Variant, use: () => Promise<T>): Promise<T> {
  await variant.before?.();
  try {
    return await use();
  } finally {
    await variant.after?.();
  }
}

/** Rounds hold [peer, ours, control] in the order of {@link compare}. */
export function summarise(
  bench: string,
  row: string,
  rounds: readonly (readonly number[])[],
  concurrency: number,
  unit = 'µs/op',
): RowResult {
  const ratios = rounds.map(([peer, ours]) => ours! / peer!);
  const controls = rounds.map(([peer, , control]) => control! / peer!);
  return {
    bench,
    row,
    ratio: median(ratios),
    control: median(controls),
    unit,
    detail: {
      ours: median(rounds.map(([, ours]) => ours!)),
      peer: median(rounds.map(([peer]) => peer!)),
      ratioSpread: spread(ratios),
      controlSpread: spread(controls),
      concurrency,
      rounds: rounds.length,
    },
  };
}
