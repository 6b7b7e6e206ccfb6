import { failureNumber } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Blocker, Step } from './plan.ts';

/** What the server asks for, by path of a step; `ALTER TABLE` asks for the first three as well. */
const NEEDED: Partial<Record<Step['path'], readonly string[]>> = {
  instant: ['ALTER', 'CREATE', 'INSERT'],
  inplace: ['ALTER', 'CREATE', 'INSERT'],
  rebuild: ['ALTER', 'CREATE', 'INSERT'],
  copy: ['ALTER', 'CREATE', 'INSERT'],
  'shadow-copy': [
    ...['ALTER', 'CREATE', 'DROP', 'INDEX', 'TRIGGER', 'LOCK TABLES'],
    ...['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
  ],
  create: ['CREATE'],
};

/** Privileges that steps need and the connection's user has not; none where it cannot be told. */
export async function missingPrivileges(
  connection: Connection,
  database: string,
  steps: readonly Step[],
): Promise<Blocker[]> {
  const wanted = new Set(steps.flatMap(neededFor));
  if (wanted.size === 0) return [];
  const held = await heldPrivileges(connection, database);
  const missing = held === undefined ? [] : [...wanted].filter((privilege) => !held.has(privilege));
  if (missing.length === 0) return [];
  return [
    {
      kind: 'privilege',
      table: undefined,
      reason: `the user lacks ${missing.join(', ')} on the shard's database`,
      remedy: `Grant ${missing.join(', ')} to the user that migrates`,
    },
  ];
}

/**
 * MariaDB shows open transactions only to accounts with PROCESS: without it nothing tells who keeps
 * a lock, and `rollout.kill` finds no one.
 */
export async function lacksProcess(connection: Connection): Promise<Blocker[]> {
  try {
    await connection.query('SELECT 1 FROM information_schema.INNODB_TRX LIMIT 1');
    return [];
  } catch (error) {
    if (failureNumber(error) === undefined) throw error; // the connection
    return [
      {
        kind: 'privilege',
        table: undefined,
        reason:
          'the user lacks PROCESS: it cannot be seen who keeps a table locked, nor ended by kill',
        remedy: 'Grant PROCESS on *.* to the user that migrates',
        advisory: true,
      },
    ];
  }
}

function neededFor(step: Step): readonly string[] {
  if (/^(RENAME|DROP) TABLE/.test(step.sql)) return ['DROP', 'CREATE', 'INSERT', 'ALTER'];
  const references = /\bFOREIGN\s+KEY\b/i.test(step.sql) ? ['REFERENCES'] : [];
  return [...(NEEDED[step.path] ?? []), ...references];
}

/** Undefined where roles or grants on single tables make the answer longer than this. */
async function heldPrivileges(
  connection: Connection,
  database: string,
): Promise<ReadonlySet<string> | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>('SHOW GRANTS');
  const held = new Set<string>();
  for (const text of rows.map((row) => String(Object.values(row)[0]))) {
    const found = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`|[^.`\s]+)\.(\S+) TO /.exec(text);
    if (found === null) {
      if (/^GRANT [`'"]/.test(text)) return undefined;
      continue;
    }
    const [, list = '', scope = '', table = ''] = found;
    if (!covers(scope, database)) continue;
    if (table !== '*') return undefined;
    for (const privilege of list.split(/,\s*/)) held.add(privilege.toUpperCase());
  }
  return held.has('ALL PRIVILEGES') || held.has('ALL') ? undefined : held;
}

/** The database of a grant is a pattern: `app\_%` is `app_` and whatever follows. */
function covers(scope: string, database: string): boolean {
  if (scope === '*') return true;
  const pattern = scope.replace(/^`|`$/g, '').replaceAll('``', '`');
  let expression = '';
  for (const [part, escaped, sign] of pattern.matchAll(/\\(.)|([%_])|[^]/g)) {
    if (sign !== undefined) expression += sign === '%' ? '.*' : '.';
    else expression += (escaped ?? part).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  }
  return new RegExp(`^${expression}$`, 'i').test(database);
}
