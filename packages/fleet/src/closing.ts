import { FleetNotClosedError, FleetUsedError } from './fleet-errors.ts';

/** Something that was opened. */
export interface Closable {
  close(): Promise<unknown>;
}

/**
 * First what takes new work, then what that work uses: a job that ends may still add another one and
 * read and write rows, and rows may still ask where a tenant lives.
 */
const ORDER = ['worker', 'queue', 'data source', 'directory', 'tenant table'] as const;

/** What kind of thing it is; the kind decides when it is closed. */
export type Kind = (typeof ORDER)[number];

/** What a fleet has opened, closed once and in order. */
export class Closing {
  readonly #fleet: string;
  readonly #opened: { readonly kind: Kind; readonly closable: Closable }[] = [];
  #closed: Promise<void> | undefined;

  constructor(fleet: string) {
    this.#fleet = fleet;
  }

  /** True from the first call of `close`. */
  get hasBegun(): boolean {
    return this.#closed !== undefined;
  }

  /** @throws FleetUsedError where the fleet is closed: nothing would ever close the new one */
  add(kind: Kind, closable: Closable): void {
    if (this.hasBegun) throw new FleetUsedError(`open a ${kind} of`, this.#fleet, 'closed');
    this.#opened.push({ kind, closable });
  }

  /**
   * Closes everything, each once, however often it is called. One that fails keeps none of the others
   * open. @throws FleetNotClosedError
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const failures: unknown[] = [];
    for (const kind of ORDER) {
      const these = this.#opened.filter((one) => one.kind === kind);
      const settled = await Promise.allSettled(these.map(async ({ closable }) => closable.close()));
      for (const one of settled) if (one.status === 'rejected') failures.push(one.reason);
    }
    if (failures.length > 0) throw new FleetNotClosedError(this.#fleet, failures);
  }
}
