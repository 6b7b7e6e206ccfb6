/** Collects what happened, and tells when enough of it has. */
export class Notes<T = string> {
  readonly all: T[] = [];
  readonly #waiting: { count: number; resolve: (all: T[]) => void }[] = [];

  add(note: T): void {
    this.all.push(note);
    for (const { count, resolve } of this.#waiting) if (this.all.length >= count) resolve(this.all);
  }

  /** The notes, once there are at least `count`. */
  upTo(count: number): Promise<T[]> {
    if (this.all.length >= count) return Promise.resolve(this.all);
    return new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }

  /** The notes in alphabetical order, once there are at least `count`: for jobs that run at once. */
  async sorted(count: number): Promise<T[]> {
    return [...(await this.upTo(count))].sort();
  }
}
