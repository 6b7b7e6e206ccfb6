import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/switchyard.mjs', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));

const TOPOLOGY = `defineTopology({
  fleet: 'test',
  regions: ['us'],
  servers: [{ name: 'a', region: 'us', engine: 'mariadb', writer: { host: '127.0.0.1', port: 1 },
    credentials: () => ({ user: 'root', password: 'hunter2' }) }],
  shards: [{ name: 'us1', ordinal: 1, server: 'a', database: 'app' }],
})`;

const SECOND = "{ name: 'us2', ordinal: 2, server: 'a', database: 'app2' }";
const beside = (second: string) => (text: string) =>
  text.replace("database: 'app' }", `database: 'app' }, ${second}`);
const CONTRADICTIONS: [what: string, field: string, change: (topology: string) => string][] = [
  [
    'an unknown region',
    'servers[0].region',
    (text) => text.replace("region: 'us'", "region: 'mars'"),
  ],
  ['a shard twice', 'shards[1].name', beside(SECOND.replace('us2', 'us1'))],
  ['an ordinal twice', 'shards[1].ordinal', beside(SECOND.replace('ordinal: 2', 'ordinal: 1'))],
  ['two shards on one database', 'shards[1].database', beside(SECOND.replace('app2', 'app'))],
];

describe('the switchyard command', () => {
  let folder: string;
  beforeAll(async () => {
    // Beside the test, so that the config finds the packages as a service's does.
    folder = await mkdtemp(join(HERE, '.config-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says what is missing where there is no config', async () => {
    const { code, err } = await run(['status', '--config', 'nowhere.config.ts']);
    expect(code).toBe(2);
    expect(err).toContain('CONFIG_MISSING');
    expect(err).toContain('--config');
  });

  it('names every wrong field of the config at once', async () => {
    await config(`export default { topology: ${TOPOLOGY}, lockFile: 'here', migrations: [],
      rollout: { perServer: 0, stop: 'never' }, extra: 1 };`);
    const { code, err } = await run(['status']);
    expect(code).toBe(2);
    expect(err).toContain('CONFIG_INVALID');
    for (const field of ['lockFile', 'rollout.perServer', 'rollout.stop', 'extra']) {
      expect(err).toContain(field);
    }
  });

  it('hands on what is wrong with the topology, field by field', async () => {
    await config(`export default { topology: ${TOPOLOGY.replace("server: 'a'", "server: 'b'")},
      lockFile: new URL('lock.json', import.meta.url), migrations: [] };`);
    const { code, err } = await run(['status']);
    expect(code).toBe(2);
    expect(err).toContain('TOPOLOGY_INVALID');
    expect(err).toContain('shards[0].server');
  });

  it.each(CONTRADICTIONS)(
    'refuses %s by the name of the field, with the remedy, before anything is changed',
    async (_what, field, change) => {
      const lockFile = join(folder, 'lock.json');
      await config(`export default { topology: ${change(TOPOLOGY)},
        lockFile: new URL('lock.json', import.meta.url), migrations: [] };`);
      const { code, err, out } = await run(['prepare']);
      expect(code).toBe(2);
      expect(err).toContain('TOPOLOGY_INVALID');
      expect(err).toContain(field);
      expect(err).toContain('Correct the named fields');
      expect(out + err).not.toContain('hunter2');
      expect(existsSync(lockFile)).toBe(false);
    },
  );

  it.each([
    ['plan', '--only'],
    ['migrate', '--shard'],
  ])('refuses a shard that the topology does not have: %s %s', async (command, option) => {
    await config(`export default { topology: ${TOPOLOGY}, lockFile: new URL('lock.json', import.meta.url),
      migrations: [] };`);
    const { code, err } = await run([command, option, 'us9']);
    expect(code).toBe(2);
    expect(err).toContain('us9');
    expect(err).toContain('us1'); // what there is
  });

  it('takes every field that the option types have, also the one that a remedy names', async () => {
    await config(`export default { topology: ${TOPOLOGY},
      lockFile: new URL('lock.json', import.meta.url), migrations: [],
      plan: { probeSeconds: 120, dataRows: 5, smallTableRows: 5, rebuild: 'refuse' } };`);
    const { err } = await run(['status']);
    expect(err).not.toContain('CONFIG_INVALID');
  });

  it('takes a fleet, judges its options, and names the wrong ones', async () => {
    const fleet = (more: string) => `import { defineFleet } from '@switchyard/fleet';
      import { MemoryStore } from '@switchyard/directory/memory';
      const { fleet, regions, servers, shards } = { ${TOPOLOGY.slice('defineTopology({'.length, -2)} };
      const keyHash = { current: { id: 'k1', secret: 'a secret of the test' } };
      export default defineFleet({ config: import.meta.url, fleet, regions, servers, shards,
        entities: [], migrations: [], directory: { store: new MemoryStore(), keyHash }, ${more} });`;
    await config(fleet('rollout: { perServer: 0 }'));
    const judged = await run(['status']);
    expect([judged.code, judged.err]).toEqual([2, expect.stringContaining('rollout.perServer')]);
    await config(fleet('rolout: {}'));
    const misspelt = await run(['status']);
    expect([misspelt.code, misspelt.err]).toEqual([
      2,
      expect.stringMatching(/FLEET_OPTIONS_INVALID[^]*rolout/),
    ]);
    await config(fleet('rollout: { perServer: 2 }'));
    const { code, err, out } = await run(['status']);
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('us1');
  });

  it('says that a config cannot be loaded, without a stack', async () => {
    await config('export default nothingOfTheKind;');
    const { code, err } = await run(['status']);
    expect(code).toBe(2);
    expect(err).toContain('CONFIG_NOT_LOADED');
    expect(err).not.toMatch(/^\s+at /m);
    expect((await run(['status', '--verbose'])).err).toMatch(/^\s+at /m);
  });

  it('names a migration file that is broken', async () => {
    await config(`export default { topology: ${TOPOLOGY}, lockFile: new URL('lock.json', import.meta.url),
      migrations: new URL('migrations', import.meta.url) };`);
    await mkdir(join(folder, 'migrations'), { recursive: true });
    await writeFile(join(folder, 'migrations', '1-bad.ts'), 'export class Bad1790000000000 {');
    const { code, err } = await run(['plan']);
    expect(code).toBe(2);
    expect(err).toContain('1-bad.ts');
    await rm(join(folder, 'migrations'), { recursive: true });
  });

  it('names a server that does not answer, never its password, and exits with 1', async () => {
    await config(`export default { topology: ${TOPOLOGY}, lockFile: new URL('lock.json', import.meta.url),
      migrations: [] };`);
    const { code, err, out } = await run(['prepare']);
    expect(code).toBe(1);
    expect(err).toContain('SHARD_UNAVAILABLE');
    expect(err).toContain('us1');
    expect(out + err).not.toContain('hunter2');
  });

  it('refuses an unknown command and an unknown option with exit code 2', async () => {
    for (const args of [['migrat'], ['migrate', '--forse'], []]) {
      const { code, err } = await run(args);
      expect(code).toBe(2);
      expect(err).toContain('switchyard --help');
    }
  });

  it('lists its commands', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    const commands = [
      ...['prepare', 'adopt', 'identify', 'plan', 'migrate', 'revert'],
      ...['status', 'pause', 'resume', 'abort', 'jobs'],
    ];
    for (const command of commands) expect(out).toContain(`switchyard ${command}`);
  });

  async function config(text: string): Promise<void> {
    const head = "import { defineTopology } from '@switchyard/shard-context';\n";
    await writeFile(join(folder, 'switchyard.config.ts'), head + text);
  }

  async function run(args: readonly string[]) {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }
});
