import { expect } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';

/** Tries writes of t_1 on us1 and looks at all rows there. */
export class Writes {
  readonly #fleet: () => Fleet;
  readonly #tables: readonly string[];

  constructor(fleet: () => Fleet, tables: readonly string[]) {
    this.#fleet = fleet;
    this.#tables = tables;
  }

  as<T>(work: () => T): T {
    return this.#fleet().onTenant('us1', 't_1', work);
  }

  /** The write is refused as another tenant's: no row of anyone's changes. */
  refused = (write: () => Promise<unknown>): Promise<void> =>
    this.#fails(write, { code: 'TENANT_MISMATCH' });

  /** The write is refused because no one can tell whose rows it concerns. */
  uncheckable = (write: () => Promise<unknown>): Promise<void> =>
    this.#fails(write, { code: 'TENANT_UNCHECKABLE' });

  /** The server refuses the write: a row of ours has the key. */
  refusedByTheServer = (write: () => Promise<unknown>): Promise<void> =>
    this.#fails(write, { code: 'ER_DUP_ENTRY' });

  /** The write passes and finds no row. */
  changesNothing = async (write: () => Promise<unknown>): Promise<void> => {
    const before = await this.#contents();
    await this.as(write);
    expect(await this.#contents()).toEqual(before);
  };

  /** The write passes and leaves these rows. */
  ours = async (write: () => Promise<unknown>, sql: string, rows: unknown[]): Promise<void> => {
    await this.as(write);
    expect(await this.#fleet().rows('us1', sql)).toEqual(rows);
  };

  async #fails(write: () => Promise<unknown>, error: object): Promise<void> {
    const before = await this.#contents();
    await expect(this.as(write)).rejects.toMatchObject(error);
    expect(await this.#contents()).toEqual(before);
  }

  #contents(): Promise<unknown[]> {
    const all = this.#tables.map(async (table) => {
      const rows = await this.#fleet().rows('us1', `SELECT * FROM \`${table}\``);
      return [table, ...rows.map((row) => JSON.stringify(row)).sort()];
    });
    return Promise.all(all);
  }
}

/** TypeORM's types do not know all that its code takes. */
export const any = <T>(value: unknown): T => value as T;
