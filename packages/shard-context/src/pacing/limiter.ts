/** Work that waits, and the gates that it has to pass. */
interface Waiting {
  readonly gates: readonly string[];
  readonly begin: () => Promise<unknown>;
}

/**
 * Bounds how much work runs at once. Each piece of work passes several gates (its server, its region,
 * the whole fleet). `widthOf` gives the width of a gate. Work begins when all of its gates have room,
 * so work that waits at one gate takes no room in another. It begins in the order of the calls, as far
 * as the gates allow.
 */
export class Limiter {
  readonly #widthOf: (gate: string) => number;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<string, number>();

  constructor(widthOf: (gate: string) => number) {
    this.#widthOf = widthOf;
  }

  /** Runs `work` when all `gates` have room, and answers its result. */
  run<T>(gates: readonly string[], work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ gates, begin: () => work().then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    for (;;) {
      const at = this.#waiting.findIndex(({ gates }) => gates.every((gate) => this.#hasRoom(gate)));
      const [waiting] = at === -1 ? [] : this.#waiting.splice(at, 1);
      if (waiting === undefined) return;
      this.#count(waiting.gates, 1);
      void waiting.begin().finally(() => {
        this.#count(waiting.gates, -1);
        this.#next();
      });
    }
  }

  #hasRoom(gate: string): boolean {
    return (this.#running.get(gate) ?? 0) < this.#widthOf(gate);
  }

  #count(gates: readonly string[], by: 1 | -1): void {
    for (const gate of gates) this.#running.set(gate, (this.#running.get(gate) ?? 0) + by);
  }
}
