/** Prints a step of the setup for the person at the terminal; on stderr, to keep `--json` output clean. */
export function say(line: string): void {
  process.stderr.write(`servers: ${line}\n`);
}
