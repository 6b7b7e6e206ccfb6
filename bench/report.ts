import type { RowResult } from './harness.ts';

const isJson = process.argv.includes('--json');
let hasHeader = false;

/** Prints a row as soon as it is measured: a line of a table, or with `--json` one JSON object. */
export function report(result: RowResult): void {
  if (isJson) {
    console.log(JSON.stringify(result));
    return;
  }
  if (!hasHeader) printHeader(result.bench);
  hasHeader = true;
  console.log(line(cells(result)));
}

function printHeader(bench: string): void {
  console.log(`\n${bench}, Node ${process.version}: ratio = ours / peer, control = peer / peer\n`);
  console.log(line(['row', 'ratio', '(range)', 'control', '(range)', 'ours', 'peer', 'at once']));
}

function cells({ row, ratio, control, unit, detail }: RowResult): string[] {
  const range = (s: { min: number; max: number }) => `${s.min.toFixed(2)}-${s.max.toFixed(2)}`;
  const time = (figure: number) => `${figure.toFixed(1)} ${unit}`;
  return [
    row,
    ratio.toFixed(3),
    range(detail.ratioSpread),
    control.toFixed(3),
    range(detail.controlSpread),
    time(detail.ours),
    time(detail.peer),
    String(detail.concurrency),
  ];
}

function line(cells: readonly string[]): string {
  const [first = '', ...figures] = cells;
  return `${first.padEnd(28)} ${figures.map((cell) => cell.padStart(14)).join('')}`;
}
