const colours = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined;
const paint = (code: number) => (text: string) =>
  colours ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Colours on a terminal, plain text in a pipe. */
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);

/** Prints a step of the demo, numbered. */
export function step(number: number, text: string): void {
  console.log(`\n${bold(`${number}. ${text}`)}`);
}

/** Prints one line below a step. */
export function say(text: string): void {
  console.log(`   ${text}`);
}

/** Prints rows as aligned columns; numbers stand right, text left. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[]): void {
  const width = (column: number) => Math.max(...rows.map((row) => String(row[column]).length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  rows.forEach((row, i) => {
    const cells = row.map((cell, column) => align(cell, widths[column] ?? 0, i === 0));
    const line = cells.join('  ').trimEnd();
    say(i === 0 ? dim(line) : line);
  });
}

function align(cell: string | number, width: number, head: boolean): string {
  return typeof cell === 'number' && !head
    ? String(cell).padStart(width)
    : cell.toString().padEnd(width);
}
