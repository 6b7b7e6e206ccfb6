/** Work for one server, waiting for its turn. */
interface Waiting {
  readonly server: string;
  readonly run: () => Promise<unknown>;
}

/**
 * Lets work begin while fewer than `total` pieces run, and fewer than `perServer` on one server:
 * ten shards on one server are ten times its load.
 */
export class Turns {
  readonly #total: number;
  readonly #perServer: number;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<string, number>();

  constructor(total: number, perServer: number) {
    this.#total = total;
    this.#perServer = perServer;
  }

  /** Runs `work` in its turn, in the order of the calls for each server. */
  take<T>(server: string, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ server, run: () => work().then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ server }) => this.#mayBegin(server));
      const [waiting] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (waiting === undefined) return;
      this.#count(waiting.server, 1);
      void waiting.run().finally(() => {
        this.#count(waiting.server, -1);
        this.#next();
      });
    }
  }

  #mayBegin(server: string): boolean {
    const all = [...this.#running.values()].reduce((sum, running) => sum + running, 0);
    return all < this.#total && (this.#running.get(server) ?? 0) < this.#perServer;
  }

  #count(server: string, by: 1 | -1): void {
    this.#running.set(server, (this.#running.get(server) ?? 0) + by);
  }
}
