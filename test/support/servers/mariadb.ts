import { readFile } from 'node:fs/promises';
import { requireProgram } from './install.ts';
import { AS_ROOT, CREATE_ROOT, SMALL_SERVER, type MysqlEngine } from './mysql-engine.ts';
import { mustRun } from './run-command.ts';

const SYSTEM_TABLES = ['system_tables', 'performance_tables', 'system_tables_data'];
const SHARE_FOLDERS = ['/usr/share/mysql', '/usr/share/mariadb', '/usr/local/share/mysql'];

/**
 * mariadbd from the PATH, or from Debian's package (7 s).
 * @throws ServerUnavailableError where it can be had in neither way
 */
export async function mariadbEngine(): Promise<MysqlEngine> {
  const command = await requireProgram('mariadbd', ['mariadb-server-core']);
  const version = /Ver (\S+)/.exec(await mustRun(command, ['--version']))?.[1] ?? 'unknown';
  return {
    name: 'mariadb',
    version: version.replace(/-MariaDB.*/, '-MariaDB'),
    command,
    baseArgs: ['--no-defaults', ...AS_ROOT],
    serverArgs: SMALL_SERVER,
    initialize: (data) => bootstrap(command, data),
  };
}

/**
 * What mariadb-install-db does, without it: with Debian's mariadb-server-core alone it fails for
 * want of my_print_defaults. The bootstrap reader wants each statement on its own line.
 */
async function bootstrap(command: string, data: string): Promise<void> {
  const scripts = await Promise.all(SYSTEM_TABLES.map(systemScript));
  const first = ['create database mysql;', 'use mysql;'];
  const accounts = ['set @auth_root_socket=NULL;', 'set @skip_auth_anonymous=1;'];
  const last = ['flush privileges;', ...CREATE_ROOT];
  const input = [...first, ...accounts, ...scripts, ...last, ''].join('\n');
  const small = ['--innodb-log-file-size=48M'];
  const args = ['--no-defaults', '--bootstrap', ...AS_ROOT, `--datadir=${data}`, ...small];
  await mustRun(command, args, { input });
}

async function systemScript(name: string): Promise<string> {
  for (const folder of SHARE_FOLDERS) {
    const path = `${folder}/${await scriptPrefix(folder)}_${name}.sql`;
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new Error(`mariadbd's ${name}.sql is in none of ${SHARE_FOLDERS.join(', ')}`);
}

/** MariaDB 11 renamed mysql_system_tables.sql to mariadb_system_tables.sql. */
async function scriptPrefix(folder: string): Promise<string> {
  const renamed = await readFile(`${folder}/mariadb_system_tables.sql`).catch(() => undefined);
  return renamed === undefined ? 'mysql' : 'mariadb';
}
