import { escapeIdentifier } from '@switchyard/mysql/internal';
import { OWN_SESSION } from '../session/open-session.ts';
import type { Column } from '../table/table.ts';
import { keyPlace, type LogNames } from './log-table.ts';
import type { WatchedTable } from './watched-table.ts';

/** A trigger of the key log. */
export interface LogTrigger {
  readonly name: string;
  readonly sql: string;
}

/**
 * The three triggers. They write keys and nothing else, so that an application's write neither
 * fails nor converts because of a new definition, and they skip the copier's own sessions.
 */
export function logTriggers(
  watched: WatchedTable,
  names: LogNames,
  definer: string | undefined,
): readonly LogTrigger[] {
  const [ins, upd, del] = names.triggers as [string, string, string];
  const make = (name: string, event: string, body: string): LogTrigger => ({
    name,
    sql: `CREATE ${definer === undefined ? '' : `DEFINER = ${definer} `}TRIGGER ${escapeIdentifier(name)}
AFTER ${event} ON ${escapeIdentifier(watched.name)} FOR EACH ROW
BEGIN IF ${OWN_SESSION} IS NULL THEN ${body} END IF; END`,
  });
  const triggers = [
    make(upd, 'UPDATE', onUpdate(watched, names)),
    make(del, 'DELETE', `${insert(watched, names, [['OLD', '1']])};`),
  ];
  if (watched.onlyForRowsBelow) return triggers;
  return [make(ins, 'INSERT', `${insert(watched, names, [['NEW', '0']])};`), ...triggers];
}

function onUpdate(watched: WatchedTable, names: LogNames): string {
  const below = differs(watched.referenced);
  const both = insert(watched, names, [
    ['OLD', below],
    ['NEW', below],
  ]);
  if (watched.onlyForRowsBelow) return `IF ${below} THEN ${both}; END IF;`;
  const one = insert(watched, names, [['NEW', below]]);
  return `IF ${differs(watched.key)} THEN ${both}; ELSE ${one}; END IF;`;
}

function insert(
  { key }: WatchedTable,
  { log }: LogNames,
  rows: readonly (readonly [string, string])[],
): string {
  const places = key.map((_, i) => keyPlace(i)).join(', ');
  const values = rows.map(
    ([row, below]) =>
      `(${below}, ${key.map(({ name }) => `${row}.${escapeIdentifier(name)}`).join(', ')})`,
  );
  return `INSERT INTO ${escapeIdentifier(log)} (below, ${places}) VALUES ${values.join(', ')}`;
}

/** True where one of the columns changed as bytes: a collation calls 'a' and 'A' equal. */
function differs(columns: readonly Column[]): string {
  if (columns.length === 0) return '0';
  const equal = columns.map(({ name }) => {
    const column = escapeIdentifier(name);
    return `CAST(OLD.${column} AS BINARY) <=> CAST(NEW.${column} AS BINARY)`;
  });
  return `NOT (${equal.join(' AND ')})`;
}
