import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LISTS = `import { writeSync } from 'node:fs';
export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context); }`;
const REGISTERS = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(LISTS)}));`;

const HEAVY = {
  'the migrator and its SQL parser': /packages\/migrator\/|dt-sql-parser|antlr4ng/,
  'a queue': /node_modules\/(bullmq|ioredis)\/|packages\/jobs\/src\/bullmq\//,
  'a MongoDB driver': /node_modules\/(mongodb|bson)\/|stores\/mongodb/,
  'tenants and copier': /packages\/(tenants|copier)\//,
};

/** Files that a program has loaded when it ends, by `import` and by `require`. */
function loadedBy(program: string): string[] {
  const source = `${program}
    const { createRequire } = await import('node:module');
    for (const file of Object.keys(createRequire(import.meta.url).cache)) console.log(file);`;
  const asUrl = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--import', import.meta.resolve('tsx'), '--conditions=source'],
      ...['--import', asUrl(REGISTERS), '--input-type=module', '--eval', source],
    ],
    { cwd: HERE, encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.split('\n');
}

const DEFINED = `
  import { defineFleet, start } from '@switchyard/fleet';
  const server = { region: 'us', engine: 'mysql', writer: { host: '127.0.0.1', port: 1 },
    credentials: () => ({ user: 'app', password: 'p' }) };
  const keyHash = { current: { id: 'k1', secret: 'a secret of the test' } };
  const fleet = await start(defineFleet({ config: 'file:///tmp/switchyard.config.ts', fleet: 'shop',
    regions: ['us'], shards: [{ name: 'us1', ordinal: 1, database: 'a', server }],
    directory: { server: 'us1', keyHash }, entities: [] }));`;

describe('a started fleet', { timeout: 60_000 }, () => {
  const started = loadedBy(`${DEFINED} await fleet.close();`);

  it('has loaded the data source, the directory and its MySQL store', () => {
    for (const file of ['sharded-data-source.ts', 'directory.ts', 'stores/mysql.ts', 'typeorm']) {
      expect(started.some((loaded) => loaded.includes(file))).toBe(true);
    }
  });

  it.each(Object.entries(HEAVY))('has not loaded %s', (_what, files) => {
    expect(started.filter((loaded) => files.test(loaded))).toEqual([]);
  });

  it('loads the migrator when it is first asked to prepare', () => {
    const prepared = loadedBy(
      `${DEFINED} await fleet.prepare().catch(() => undefined); await fleet.close();`,
    );
    expect(prepared.some((loaded) => loaded.includes('packages/migrator/'))).toBe(true);
  });
});
