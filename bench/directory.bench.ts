import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServerUnavailableError } from '../test/support/servers/index.ts';
import { benchDirectory, KeyRing, KIND, madeUpStore, plainCache, warm } from './directory-cache.ts';
import { fullMongo, fullMySql, type FullStore } from './directory-rows.ts';
import { compare, timing, type RowResult } from './harness.ts';
import { micro } from './micro.ts';
import { report } from './report.ts';
import { median, spread } from './statistics.ts';

// What a look-up costs: a hit beside lru-cache with the keys as strings, in time and in bytes, and a
// miss beside the same answer fetched by hand with a prepared statement.

const KEYS = Number(process.env['BENCH_KEYS'] ?? 1_000_000);
const HOT_KEYS = 1_000;
const ring = new KeyRing(KEYS);

await hits();
bytes();
for (const fill of [fullMySql, fullMongo]) await misses(fill);

async function hits(): Promise<void> {
  const directory = benchDirectory(madeUpStore(), KEYS);
  await warm(directory, ring, KEYS);
  const plain = plainCache(KEYS);
  for (let i = 0; i < KEYS; i++) plain.fill(ring.fresh(i), i);
  await sleep(1_000); // the garbage of filling is not to be measured
  const orders = { 'hit-time': picks(KEYS), [`hit-time, ${HOT_KEYS} hot keys`]: picks(HOT_KEYS) };
  for (const [row, order] of Object.entries(orders)) {
    const at = (i: number) => ring.fresh(order[i & (order.length - 1)]!);
    const ours = (i: number) => directory.locateKey({ kind: KIND, value: at(i) });
    const peer = (i: number) => plain.locateKey({ value: at(i) });
    report(micro('directory', { row, ours, peer }));
  }
}

/** Each side in processes of its own, so that neither measures the other's garbage. */
function bytes(): void {
  const rounds = 2; // a full cache is the same each time, to a byte
  const measured = Array.from({ length: rounds }, () => ({
    peer: bytesOf('peer'),
    ours: bytesOf('ours'),
    again: bytesOf('peer'),
  }));
  const ratios = measured.map(({ ours, peer }) => ours / peer);
  const controls = measured.map(({ again, peer }) => again / peer);
  report({
    bench: 'directory',
    row: 'hit-bytes',
    ratio: median(ratios),
    control: median(controls),
    unit: 'bytes/key',
    detail: {
      ours: median(measured.map(({ ours }) => ours)),
      peer: median(measured.map(({ peer }) => peer)),
      ratioSpread: spread(ratios),
      controlSpread: spread(controls),
      concurrency: 1,
      rounds,
    },
  });
}

function bytesOf(side: 'ours' | 'peer'): number {
  const script = fileURLToPath(new URL('./directory-bytes.ts', import.meta.url));
  const node = [...process.execArgv, '--expose-gc', '--max-old-space-size=4096'];
  const child = spawnSync(process.execPath, [...node, script, side, String(KEYS)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (JSON.parse(child.stdout) as { bytes: number }).bytes;
}

async function misses(fill: (keys: number) => Promise<FullStore>): Promise<void> {
  const full = await fill(KEYS).catch((error: unknown) => {
    if (!(error instanceof ServerUnavailableError)) throw error;
    console.error(`${error.message} (not measured: misses there)`);
    return undefined;
  });
  if (full === undefined) return;
  const suffix = full.name === 'mysql' ? '' : `, ${full.name}`;
  try {
    await missRow(full, `miss${suffix}`, 16);
    await missRow(full, `miss${suffix}, 1 at once`, 1);
  } finally {
    await full.stop();
  }
}

async function missRow(full: FullStore, row: string, concurrency: number): Promise<void> {
  const directory = benchDirectory(full.store, 1); // remembers one key: the next is a miss
  const order = picks(KEYS);
  const at = (i: number) => ring.fresh(order[i & (order.length - 1)]!);
  const latencies: number[] = [];
  const ours = async (i: number) => {
    const began = performance.now();
    await directory.locateKey({ kind: KIND, value: at(i) });
    latencies.push(performance.now() - began);
  };
  const peer = (i: number) => full.rawLookUp(at(i));
  const variants = { ours: { run: ours }, peer: { run: peer } };
  report(
    withPercentiles(
      await compare('directory', { row, ...variants, concurrency }, timing()),
      latencies,
    ),
  );
}

function withPercentiles(result: RowResult, latencies: number[]): RowResult {
  const sorted = Float64Array.from(latencies.slice(latencies.length >> 1)).sort(); // warm-up left out
  const at = (q: number) => sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
  const percentiles = { resolveP50Ms: at(0.5), resolveP99Ms: at(0.99) };
  return { ...result, detail: { ...result.detail, ...percentiles } };
}

/** Random key numbers below `count`; a power of two of them. */
function picks(count: number): Uint32Array {
  return Uint32Array.from({ length: 1 << 18 }, () => Math.floor(Math.random() * count));
}
