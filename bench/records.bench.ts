import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Between, type DataSource } from 'typeorm';
import { Country, ROWS, startBenchFleet } from './accounts.ts';
import { summarise, timing } from './harness.ts';
import { report } from './report.ts';

// What it costs that records remember where they came from: 100,000 rows loaded and hydrated, in
// portions of 10,000, and what they hold when all are kept, beside plain TypeORM. Goal: 1.10.

const LOADED = 100_000;
const PORTION = 10_000;
/** A multiple of the widths: 120,000 records. */
const PORTIONS = 12;
/** How many portions one side loads in one turn. */
const SLICE = 30;
/** Turns of each side until TypeORM is compiled. */
const WARM_UPS = 3;
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
  report(await time());
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

type Side = (i: number) => Promise<Country[]>;

/** Peer, ours, and the peer again as the control. */
function sidesOf(widthOf: (i: number) => readonly (keyof Country)[] | undefined): Side[] {
  const alone: Side = (i) => load(plain, i, widthOf(i));
  const routed: Side = (i) => context.onShard('us1', () => load(sharded, i, widthOf(i)));
  return [alone, routed, alone];
}

/**
 * CPU per record, because what else runs on the machine must not count. Each side loads all rows
 * before the next has its turn, so that it pays for its own garbage. Nothing is collected by force
 * in between: V8 then drops the compiled code as well, and both sides cost three times as much.
 */
async function time() {
  const sides = sidesOf(() => WIDTHS[2]);
  const measured: number[][] = [];
  for (let round = -WARM_UPS; round < timing().rounds; round++) {
    const cpu: number[] = [];
    for (let k = 0; k < sides.length; k++) {
      const index = (k + round + WARM_UPS) % sides.length;
      cpu[index] = await cpuOf(sides[index]!);
    }
    if (round >= 0) measured.push(cpu);
  }
  return summarise('records', 'load-time', measured, 1, 'µs/record');
}

async function cpuOf(side: Side): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < SLICE; i++) await side(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (SLICE * PORTION);
}

/** Bytes per record of the heap that 100,000 records hold: peer, ours, peer in each round. */
async function heap() {
  const { rounds } = timing();
  const sides = sidesOf((i) => WIDTHS[i % WIDTHS.length]);
  const measured: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const bytes: number[] = [];
    for (const side of sides) bytes.push(await held(side));
    measured.push(bytes);
  }
  return summarise('records', 'load-heap', measured, 1, 'B/record');
}

async function held(side: Side): Promise<number> {
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
