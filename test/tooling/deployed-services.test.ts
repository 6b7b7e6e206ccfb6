import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { mysqlServers } from '../support/servers/index.ts';
import { Note } from './note.ts';
import type { ServiceStart } from './notes-service.ts';

const SERVICE = fileURLToPath(new URL('./notes-service.ts', import.meta.url));
const TRACED = new URL('./traced-typeorm.ts', import.meta.url).href;
const WRITTEN = [
  [{ id: 7, tenantId: 't_1', text: 'second of t_1' }],
  [{ id: 7, tenantId: 't_2', text: 'second of t_2' }],
];

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({ entities: [Note], tenants: { us1: ['t_1'], us2: ['t_2'] } });
  folder = await mkdtemp(join(tmpdir(), 'switchyard-bundle-'));
});
afterAll(async () => {
  await fleet?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** Runs a service on the fleet to its end. Answers what it read, and the lines of its stderr. */
async function serve(...node: string[]): Promise<{ read: unknown; lines: string[] }> {
  const { user, password } = (await mysqlServers(1))[0]!;
  const start: ServiceStart = {
    servers: fleet.servers,
    shards: fleet.shards,
    lockFile: fleet.lockFile.path,
    user,
    password,
  };
  for (const shard of ['us1', 'us2']) await fleet.rows(shard, 'DELETE FROM note');
  const run = promisify(execFile)(process.execPath, [...node, JSON.stringify(start)]);
  const { stdout, stderr } = await run;
  return { read: JSON.parse(stdout), lines: stderr.split('\n') };
}

/** What esbuild's own page says for bundles in ESM of packages in CommonJS, as TypeORM and mysql2 are. */
const REQUIRE =
  "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

describe('a service as it is deployed', () => {
  it.each(['esm', 'cjs'] as const)(
    'starts and writes from a minified bundle (%s)',
    async (format) => {
      const outfile = join(folder, format === 'esm' ? 'service.mjs' : 'service.cjs');
      await build({
        ...{ entryPoints: [SERVICE], outfile, format, bundle: true, minify: true },
        ...{ platform: 'node', target: 'node20', conditions: ['source'], logLevel: 'error' },
        ...(format === 'esm' && { banner: { js: REQUIRE } }),
      });
      expect((await serve(outfile)).read).toEqual(WRITTEN);
    },
  );

  it('starts under OpenTelemetry’s instrumentation of TypeORM, which sees no span of the start', async () => {
    const loaders = ['--conditions=source', '--import', 'tsx', '--import', TRACED];
    const { read, lines } = await serve(...loaders, SERVICE);
    expect(read).toEqual(WRITTEN);
    expect(lines).toContain('span save note');
    expect(lines).toContain('span select note');
    expect(lines.filter((line) => /probe/i.test(line))).toEqual([]);
  });
});
