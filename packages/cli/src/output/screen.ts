import { styleText } from 'node:util';

/** A colour or weight that the terminal shows. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes. */
export interface ScreenOptions {
  /** One event per line as JSON, and nothing else, on stdout. */
  readonly json: boolean;
  readonly out?: (NodeJS.WritableStream & { isTTY?: boolean; columns?: number }) | undefined;
  readonly err?: NodeJS.WritableStream | undefined;
}

/**
 * What a command shows: lines for people, or events for programs. Colours only on a terminal that
 * wants them.
 */
export class Screen {
  readonly json: boolean;
  /** True where lines can be drawn over. */
  readonly isTerminal: boolean;
  readonly #out: NonNullable<ScreenOptions['out']>;
  readonly #err: NodeJS.WritableStream;

  constructor({ json, out = process.stdout, err = process.stderr }: ScreenOptions) {
    this.json = json;
    this.#out = out;
    this.#err = err;
    this.isTerminal = !json && out.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  /** Characters in a line. */
  get columns(): number {
    return this.#out.columns || 80; // a pseudo-terminal without a size says 0
  }

  /** Where sentences are broken: never in a pipe, whose lines are searched. */
  get wrapAt(): number {
    return this.isTerminal ? this.columns : Infinity;
  }

  /** A line for people; nothing with --json. */
  say(line = ''): void {
    if (!this.json) this.#out.write(`${line}\n`);
  }

  /** An event for programs; nothing without --json. */
  event(event: object): void {
    if (this.json) this.#out.write(`${JSON.stringify(event)}\n`);
  }

  /** Control characters and unfinished lines: only where `isTerminal`. */
  draw(text: string): void {
    this.#out.write(text);
  }

  /** A line beside the results. */
  warn(line: string): void {
    this.#err.write(`${line}\n`);
  }

  /** Colours text where the terminal shows it. */
  style(style: Style, text: string): string {
    if (!this.isTerminal || process.env['NO_COLOR'] !== undefined) return text;
    return styleText(style, text);
  }
}
