import { Writable } from 'node:stream';
import { runCli, type SwitchyardConfig } from '@switchyard/cli';
import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { ShardTenantTable } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEY_HASH } from '../directory/fleet.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

describe('switchyard directory', () => {
  let fleet: Fleet;
  let table: ShardTenantTable;
  const store = new MemoryStore();
  const opened = () =>
    new Directory({ store, topology: fleet.topology, keyHash: KEY_HASH, shardTenants: table });
  beforeAll(async () => {
    fleet = await startFleet();
    const { topology, lockFile } = fleet;
    table = new ShardTenantTable({ topology, lockFile });
    for (const tenant of ['t_1', 't_2']) await opened().assign(tenant, { shard: 'us1' });
  });
  afterAll(async () => {
    await table?.close();
    await fleet?.stop();
  });

  async function run(...args: string[]): Promise<{ code: number; events: object[]; text: string }> {
    let text = '';
    const out = new Writable({
      write: (chunk, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const { topology, lockFile } = fleet;
    const config: SwitchyardConfig = { topology, lockFile, migrations: [], directory: opened() };
    const path = `${lockFile.path}.config.ts`;
    const code = await runCli(['directory', ...args], { config: { path, config }, out, err: out });
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return { code, events: lines.map((line) => JSON.parse(line) as object), text };
  }

  it('audits, names what contradicts itself by its exit code and as JSON, and rebuilds one side', async () => {
    expect(await run('audit')).toMatchObject({ code: 0, text: '2 tenants, 0 findings.\n' });
    await fleet.admit('us2', 't_3', 5);
    const audited = await run('audit', '--json');
    expect(audited.code).toBe(1);
    expect(audited.events).toMatchObject([
      { event: 'contradiction', tenant: 't_3', finding: 'unplaced', rows: [{ shard: 'us2' }] },
      { event: 'directory-audited', tenants: 3, findings: 1 },
    ]);
    expect((await run('rebuild', '--from', 'directory', '--json')).code).toBe(1);
    const rebuilt = await run('rebuild', '--from', 'shards', '--json');
    expect(rebuilt.code).toBe(0);
    expect(rebuilt.events.at(-1)).toMatchObject({ event: 'directory-rebuilt', repaired: 1 });
    expect((await run('audit', '--sample', '2')).code).toBe(0);
  });

  it('repairs nothing where no side is named', async () => {
    const { code, text } = await run('rebuild');
    expect(code).toBe(2);
    expect(text).toContain('from');
  });
});
