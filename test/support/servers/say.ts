/** Tells the person at the terminal what is being set up; stderr, so that `--json` output stays clean. */
export function say(line: string): void {
  process.stderr.write(`servers: ${line}\n`);
}
