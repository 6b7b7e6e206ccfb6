import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianSid } from './debian-sid.ts';
import { findProgram } from './find-program.ts';
import { AS_ROOT, CREATE_ROOT, SMALL_SERVER, type MysqlEngine } from './mysql-engine.ts';
import { mustRun } from './run-command.ts';

/** A mysqld program and what must stand around its own options. */
interface Installation {
  readonly command: string;
  /** Before the server's options, for the loader that runs it. */
  readonly loaderArgs: readonly string[];
  /** Where the server finds its own files. */
  readonly placeArgs: readonly string[];
}

const LOADERS: Partial<Record<NodeJS.Architecture, readonly [loader: string, libraries: string]>> =
  {
    x64: ['lib64/ld-linux-x86-64.so.2', 'x86_64-linux-gnu'],
    arm64: ['lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu'],
  };

/**
 * mysqld from the PATH when it is MySQL's (MariaDB installs one of that name too), or from the
 * small Debian sid in the cache folder.
 * @throws ServerUnavailableError where it can be had in neither way
 */
export async function mysqlEngine(): Promise<MysqlEngine> {
  const { command, loaderArgs, placeArgs } = (await onPath()) ?? inRoot(await debianSid());
  const version = /Ver (\S+)/.exec(await mustRun(command, [...loaderArgs, '--version']))?.[1];
  const baseArgs = [
    ...loaderArgs,
    '--no-defaults',
    ...placeArgs,
    ...AS_ROOT,
    '--secure-file-priv=',
  ];
  return {
    name: 'mysql',
    version: version ?? 'unknown',
    command,
    baseArgs,
    serverArgs: [...SMALL_SERVER, '--mysqlx=OFF', '--disable-log-bin'],
    initialize: (data) => initialize(command, baseArgs, data),
  };
}

async function onPath(): Promise<Installation | undefined> {
  const command = await findProgram('mysqld');
  if (command === undefined) return undefined;
  const isMysql = !/mariadb/i.test(await mustRun(command, ['--version']));
  return isMysql ? { command, loaderArgs: [], placeArgs: [] } : undefined;
}

/** Run by the root's own loader and libraries, mysqld needs neither chroot nor the rights for it. */
function inRoot(root: string): Installation {
  const [loader, libraries] = LOADERS[process.arch] ?? ['', ''];
  const paths = [`${root}/usr/lib/${libraries}`, `${root}/usr/lib/mysql/private`];
  return {
    command: join(root, loader),
    loaderArgs: ['--library-path', paths.join(':'), `${root}/usr/sbin/mysqld`],
    placeArgs: [
      `--basedir=${root}/usr`,
      `--lc-messages-dir=${root}/usr/share/mysql`,
      `--plugin-dir=${root}/usr/lib/mysql/plugin`,
    ],
  };
}

async function initialize(command: string, base: readonly string[], data: string): Promise<void> {
  const script = `${data}.sql`;
  const proxy = "grant proxy on ''@'' to root@'%' with grant option;";
  await writeFile(script, [...CREATE_ROOT, proxy, ''].join('\n'));
  const small = ['--innodb-redo-log-capacity=64M'];
  const once = ['--initialize-insecure', `--datadir=${data}`, `--init-file=${script}`];
  await mustRun(command, [...base, ...once, ...small]);
  await rm(script);
  await rm(join(data, 'auto.cnf')); // Holds the server's uuid: each copy makes its own.
}
