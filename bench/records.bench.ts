import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Between, type DataSource } from 'typeorm';
import { Country, ROWS, startBenchFleet } from './accounts.ts';
import { compare, summarise, timing } from './harness.ts';
import { report } from './report.ts';

// What it costs that records remember where they came from: 100,000 rows loaded and hydrated, in
// portions of 10,000, and what they hold when all are kept, beside plain TypeORM. Goal: 1.10.

const LOADED = 100_000;
const PORTION = 10_000;
/** A multiple of the widths: 120,000 records. */
const PORTIONS = 12;
// V8 gives an object room for three more properties at a time, so the one field that a record gets
// costs nothing or 40 bytes, by the number of its columns. Heap is measured over three of those.
const WIDTHS: readonly (readonly (keyof Country)[])[] = [
  ['id', 'name', 'capital'],
  ['id', 'name', 'capital', 'population'],
  ['id', 'name', 'capital', 'population', 'since'],
];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const { sharded, plain, context, stop } = await startBenchFleet();

try {
  await context.onShard('us1', () => fill(sharded));
  await fill(plain);
  const ours = { run: (i: number) => context.onShard('us1', () => load(sharded, i)) };
  const peer = { run: (i: number) => load(plain, i) };
  report(await compare('records', { row: 'load-time', ours, peer }));
  report(await heap());
} finally {
  await stop();
}

/** The `i`-th portion of the rows, as records. */
function load(
  dataSource: DataSource,
  i: number,
  columns = WIDTHS[2] as readonly (keyof Country)[],
): Promise<Country[]> {
  const from = ROWS + 1 + (i % (LOADED / PORTION)) * PORTION;
  const id = Between(String(from), String(from + PORTION - 1));
  const select = Object.fromEntries(columns.map((column) => [column, true]));
  return dataSource.getRepository(Country).find({ where: { id }, select });
}

async function fill(dataSource: DataSource): Promise<void> {
  for (let from = 0; from < LOADED; from += PORTION) {
    const rows = Array.from({ length: PORTION }, (_, i) => {
      const id = ROWS + 1 + from + i;
      return [id, `country ${id}`, 'capital', id, new Date()];
    });
    await dataSource.query('INSERT INTO country VALUES ?', [rows]);
  }
}

/** Bytes per record of the heap that 100,000 records hold: peer, ours, peer in each round. */
async function heap() {
  const { rounds } = timing();
  const alone = (i: number) => load(plain, i, WIDTHS[i % WIDTHS.length]);
  const sides = [
    alone,
    (i: number) => context.onShard('us1', () => load(sharded, i, WIDTHS[i % WIDTHS.length])),
    alone,
  ];
  const measured: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const bytes: number[] = [];
    for (const side of sides) bytes.push(await held(side));
    measured.push(bytes);
  }
  return summarise('records', 'load-heap', measured, 1, 'B/record');
}

async function held(side: (i: number) => Promise<Country[]>): Promise<number> {
  const before = used();
  const records: Country[][] = [];
  // Each portion once in each width, so that the three weigh the same.
  for (let i = 0; i < PORTIONS; i++) records.push(await side(i));
  const bytes = (used() - before) / (PORTIONS * PORTION);
  return records.flat().length === PORTIONS * PORTION ? bytes : Number.NaN;
}

function used(): number {
  for (let i = 0; i < 4; i++) collect();
  return process.memoryUsage().heapUsed;
}
