import type { Connection, RowDataPacket } from 'mysql2/promise';

/** One of Switchyard's own tables on a shard, as the package that owns it declares it. */
export interface SystemTable {
  readonly name: string;
  /** Grows with each change that an older release could not read. */
  readonly format: number;
  /** Statements that make it, and its first row; each changes nothing where that stands. */
  readonly creation: readonly string[];
  /** What an earlier release has made otherwise, oldest first. */
  readonly upgrades?: readonly SystemTableUpgrade[];
}

/** Brings a table of an earlier release up to date. */
export interface SystemTableUpgrade {
  /** A query that gives a row while it is due. */
  readonly isDue: string;
  readonly alter: string;
}

/** Makes tables that are missing, and brings older ones up to date. What a kill left out, the next run makes. */
export async function makeSystemTables(
  connection: Connection,
  tables: readonly SystemTable[],
): Promise<void> {
  for (const { creation, upgrades = [] } of tables) {
    for (const statement of creation) await connection.query(statement);
    for (const { isDue, alter } of upgrades) {
      const [due] = await connection.query<RowDataPacket[]>(isDue);
      if (due.length > 0) await connection.query(alter);
    }
  }
}
