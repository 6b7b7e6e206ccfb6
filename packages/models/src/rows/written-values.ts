import type { ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { Subject } from 'typeorm/persistence/Subject.js';
import { asText, unwrapped } from './tenant-value.ts';

const twins = new WeakMap<ColumnMetadata, readonly ColumnMetadata[]>();

/** All that TypeORM has for one column: where relations share it, each has a copy with its own way to a value. */
export function twinsOf(column: ColumnMetadata): readonly ColumnMetadata[] {
  let all = twins.get(column);
  if (all === undefined) {
    const { columns, relationsWithJoinColumns } = column.entityMetadata;
    const joined = relationsWithJoinColumns.flatMap(({ joinColumns }) => joinColumns);
    const same = [...columns, ...joined].filter((one) => one.databaseName === column.databaseName);
    all = [...new Set([column, ...same])];
    twins.set(column, all);
  }
  return all;
}

/** True where a change of the member writes the column: its own, or that of a relation. */
export function touches(subject: Subject, column: ColumnMetadata): boolean {
  return twinsOf(column).some((twin) => touchesItself(subject, twin));
}

function touchesItself({ changeMaps }: Subject, column: ColumnMetadata): boolean {
  return changeMaps.some(
    (change) => change.column === column || change.relation?.joinColumns.includes(column) === true,
  );
}

/**
 * What the changes of a member write, made by TypeORM itself and put back. Several changes may write
 * one column (`{ folder: 1, folderId: 2 }`, keys that share a column, a child hung under another
 * parent), and only TypeORM knows which of them lasts.
 */
export function writtenValues(subject: Subject): ObjectLiteral {
  const { changeMaps, canBeUpdated, updatedRelationMaps } = subject;
  const known = updatedRelationMaps.length;
  try {
    return subject.createValueSetAndPopChangeMap() as ObjectLiteral;
  } finally {
    subject.changeMaps = changeMaps;
    subject.canBeUpdated = canBeUpdated;
    updatedRelationMaps.length = known;
  }
}

/** The values that the changes of a member write into a column; mostly one. */
export function valuesInto(
  subject: Subject,
  column: ColumnMetadata,
  written: ObjectLiteral,
): unknown[] {
  return valuesOf(
    twinsOf(column).filter((twin) => touchesItself(subject, twin)),
    written,
  );
}

/** Different values of the same column; `undefined`, which writes none, only where it is alone. */
export function valuesOf(columns: readonly ColumnMetadata[], values: ObjectLiteral): unknown[] {
  const all = new Map<unknown, unknown>();
  for (const column of columns) {
    const value = unwrapped(column, column.getEntityValue(values));
    if (value !== undefined) all.set(value === null ? null : asText(value), value);
  }
  return all.size === 0 ? [undefined] : [...all.values()];
}
