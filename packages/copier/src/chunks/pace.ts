/** How many rows a chunk has, steered by how long chunks took. */
export interface PaceOptions {
  /** What a chunk should take on the slower side. Default 40 ms: rows inside wait that long. */
  readonly targetMs?: number;
  /** Default 500. */
  readonly firstRows?: number;
  /** Default 20,000. */
  readonly mostRows?: number;
}

/** Steers the size of chunks: at most doubled or halved at a time, halved after a refusal. */
export class Pace {
  readonly #targetMs: number;
  readonly #mostRows: number;
  #rows: number;
  #lastMs = 0;

  constructor(options: PaceOptions = {}) {
    this.#targetMs = options.targetMs ?? 40;
    this.#mostRows = options.mostRows ?? 20_000;
    this.#rows = Math.min(options.firstRows ?? 500, this.#mostRows);
  }

  /** Rows of the next chunk. */
  get rows(): number {
    return this.#rows;
  }

  /** How long the last chunk took. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** A chunk was written. A short one (the end of the table) says little of the next. */
  took(ms: number, rows: number): void {
    this.#lastMs = ms;
    if (rows < this.#rows / 2) return;
    const factor = Math.min(2, Math.max(0.5, this.#targetMs / Math.max(ms, 1)));
    this.#rows = Math.max(1, Math.min(this.#mostRows, Math.round(this.#rows * factor)));
  }

  /** A chunk was refused by a dead-lock or a lock wait. */
  refused(): void {
    this.#rows = Math.max(1, Math.floor(this.#rows / 2));
  }
}
