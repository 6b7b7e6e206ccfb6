import { isApplied, type LedgerRow } from '../ledger/ledger.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';

/** Files that are not the ones that ran. */
export function changedSince(
  files: readonly MigrationFile[],
  rows: readonly LedgerRow[],
): string[] {
  return files
    .filter(({ name, checksum }) => {
      const row = rows.find(({ migration }) => migration === name);
      const ran = row?.checksum ?? checksum; // a baseline has none
      return ran !== checksum;
    })
    .map(({ name }) => name);
}

/** Migrations in the ledger that no file is known for. */
export function unknownTo(files: readonly MigrationFile[], rows: readonly LedgerRow[]): string[] {
  const known = new Set(files.map(({ name }) => name));
  return rows
    .filter(({ migration }) => !known.has(migration) && isNamed(migration))
    .filter(({ migration }) => isApplied(rows, migration))
    .map(({ migration }) => migration);
}

/** False for the ledger's own notes: `(adoption)`, `(schema copy)`, `(id floors)`. */
export function isNamed(migration: string): boolean {
  return !migration.startsWith('(');
}
