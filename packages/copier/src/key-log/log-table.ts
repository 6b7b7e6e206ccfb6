import { escapeIdentifier } from '@switchyard/mysql/internal';
import { nameBeside } from '../table/names-beside.ts';
import type { Column } from '../table/table.ts';
import type { WatchedTable } from './watched-table.ts';

/** Names of what a key log makes beside a table. */
export interface LogNames {
  readonly table: string;
  readonly log: string;
  readonly triggers: readonly string[];
}

/** The log's columns of the key are called k1, k2, … */
export function keyPlace(i: number): string {
  return `k${i + 1}`;
}

/** Names of log and triggers; `run` tells the logs of several copies apart. */
export function logNames(table: string, run = ''): LogNames {
  return {
    table,
    log: nameBeside(table, `${run}log`),
    triggers: ['ins', 'upd', 'del'].map((event) => nameBeside(table, `${run}${event}`)),
  };
}

/** The log: keys in the types and collations of the table, so that nothing is converted. */
export function createLog({ name, key }: WatchedTable, names: LogNames): string {
  const columns = key.map((column, i) => `${keyPlace(i)} ${declared(column)} NOT NULL`);
  return `CREATE TABLE IF NOT EXISTS ${escapeIdentifier(names.log)} (
    seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    below TINYINT NOT NULL,
    ${columns.join(',\n    ')}
  ) ENGINE = InnoDB COMMENT = ${quoted(`Switchyard: keys of ${name} that changed while it is copied`)}`;
}

function declared({ type, charset, collation }: Column): string {
  return charset === undefined
    ? type
    : `${type} CHARACTER SET ${charset} COLLATE ${collation ?? `${charset}_bin`}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '_').slice(0, 200)}'`;
}
