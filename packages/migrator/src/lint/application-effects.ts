import { columnLines } from '../recording/definition.ts';
import { columnType, type ColumnType } from './column-type.ts';
import { initialValue } from './initial-value.ts';

/** A column as statements of the application meet it. */
interface Met {
  readonly type: ColumnType;
  /** False where an INSERT has to give a value. */
  readonly optional: boolean;
}

/**
 * What a change of a table means for the statements of an application that was written for the table
 * as it was: one sentence per column, none where they go on as before.
 */
export function applicationEffects(before: string, after: string): string[] {
  const now = columnsOf(after);
  const had = columnsOf(before);
  const gone = [...had.keys()].filter((name) => !now.has(name));
  const harder = [...now].flatMap(([name, column]) => effectOf(name, had.get(name), column) ?? []);
  return [...gone.map((name) => `statements that name ${name} fail`), ...harder];
}

function effectOf(name: string, had: Met | undefined, has: Met): string | undefined {
  if (!has.optional && had?.optional !== false) {
    const why = had?.type.autoIncrement === true ? ' (no AUTO_INCREMENT any more)' : '';
    return `inserts without a value for ${name} fail${why}`;
  }
  if (had?.type.nullable === true && !has.type.nullable) return `writes of NULL to ${name} fail`;
  return undefined;
}

function columnsOf(definition: string): ReadonlyMap<string, Met> {
  const columns = [...columnLines(definition)].map(([name, line]): [string, Met] => {
    const type = columnType(line);
    const optional = type.nullable || type.autoIncrement || initialValue(line).given;
    return [name, { type, optional }];
  });
  return new Map(columns);
}
