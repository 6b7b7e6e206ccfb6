import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { uuidColumnOf } from '../declarations/check-declarations.ts';
import { declarationOf } from '../declarations/declare.ts';
import { uuidv7 } from './uuid.ts';

/** Gives a row its id before it is inserted, where the entity declares `uuid` ids. True if it did. */
export function assignUuid(metadata: EntityMetadata, row: ObjectLiteral): boolean {
  const declaration = declarationOf(metadata);
  if (declaration?.domain !== 'sharded' || declaration.ids !== 'uuid') return false;
  const column = uuidColumnOf(metadata);
  if (column === undefined || hasValue(column.getEntityValue(row))) return false;
  column.setEntityValue(row, uuidv7());
  return true;
}

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
