import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const WALK = fileURLToPath(new URL('../../examples/adoption/walk/main.ts', import.meta.url));
const FROM_TABLE = ['--tenants-from-table', 'customer.id'];

describe('a database in use', () => {
  let fleet: MigratedFleet;
  let names: string[];
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    await fleet.rows(
      'us1',
      'CREATE TABLE migrations (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL)',
    );
    await fleet.rows('us1', 'CREATE TABLE customer (id VARCHAR(40) NOT NULL PRIMARY KEY)');
    await fleet.rows(
      'us1',
      'CREATE TABLE invoice (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id VARCHAR(40) NOT NULL)',
    );
    names = [];
    for (let i = 0; i < 3; i++) {
      names.push(
        await fleet.migration(`Old${i}x`, 1700000000000 + i, ['SELECT broken FROM nowhere']),
      );
      await fleet.rows('us1', 'INSERT INTO migrations (timestamp, name) VALUES (?, ?)', [
        1700000000000 + i,
        names[i],
      ]);
    }
    await fleet.rows('us1', "INSERT INTO customer VALUES ('acme'), ('globex')");
    for (let i = 0; i < 5; i++) {
      await fleet.rows('us1', "INSERT INTO invoice (customer_id) VALUES ('acme')");
    }
  });
  afterEach(() => fleet.stop());

  it('is refused by prepare, and nothing is changed', async () => {
    const { code, events } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'DATABASE_IN_USE' });
    expect(await tablesOf('us1')).toEqual(['customer', 'invoice', 'migrations']);
    expect(await tablesOf('us2')).toEqual([]);
  });

  it('is adopted with nothing replayed, after a dry run that changed nothing', async () => {
    fleet.declareOnly('us1');
    const dry = await fleet.json(['adopt', '--dry-run', ...FROM_TABLE]);
    expect(dry.code).toBe(0);
    expect(dry.events[0]).toMatchObject({
      event: 'adoption-planned',
      baseline: names.map((name) => ({ name })),
      tenants: ['acme', 'globex'],
      pending: [],
      floors: [{ table: 'invoice', floor: '6' }],
    });
    expect(await tablesOf('us1')).toEqual(['customer', 'invoice', 'migrations']);

    expect((await fleet.json(['adopt', ...FROM_TABLE])).code).toBe(0);
    await expectAdopted();
    expect((await fleet.run(['migrate'])).out).toContain('Nothing to do');
    expect((await fleet.run(['adopt', ...FROM_TABLE])).out).toContain('Adopted before');
  });

  it.each(['adoption-noted', 'identity-stamped', 'tenants-admitted'])(
    'is adopted as a whole by a second try when the first was killed at %s',
    async (point) => {
      fleet.declareOnly('us1');
      const killed = await fleet.json(['adopt', ...FROM_TABLE], { CRASH_AT: point });
      expect(killed.signal).toBe('SIGKILL');
      expect((await fleet.json(['adopt', ...FROM_TABLE])).code).toBe(0);
      await expectAdopted();
    },
  );

  it('is adopted for the tenants of a file', async () => {
    fleet.declareOnly('us1');
    const file = join(fleet.folder, 'tenants.txt');
    await writeFile(file, 'initech\n\nhooli\ninitech\n');
    expect((await fleet.json(['adopt', '--tenants-from-file', file])).code).toBe(0);
    expect(await tenantsOf()).toEqual(['hooli', 'initech']);
  });

  it('is refused with two shards declared, with no tenants named, and without its migrations table', async () => {
    const two = await fleet.json(['adopt', ...FROM_TABLE]);
    expect(two.events.at(-1)).toMatchObject({ code: 'ADOPTION_REFUSED' });
    fleet.declareOnly('us1');
    const noTenants = await fleet.json(['adopt']);
    expect(noTenants.code).toBe(2);
    expect(noTenants.events.at(-1)).toMatchObject({ code: 'USAGE' });
    const elsewhere = await fleet.json(['adopt', ...FROM_TABLE, '--migrations-table', 'none']);
    expect(elsewhere.events.at(-1)).toMatchObject({ code: 'ADOPTION_REFUSED' });
    expect(await tablesOf('us1')).toEqual(['customer', 'invoice', 'migrations']);
  });

  it('gets a second shard with its schema, its baseline, and ids above every one given out', async () => {
    const us2 = fleet.definition('us2');
    fleet.declareOnly('us1');
    expect((await fleet.json(['adopt', ...FROM_TABLE])).code).toBe(0);
    fleet.declare(us2);
    const refused = await fleet.json(['prepare']);
    expect(refused.code).toBe(2);
    expect(refused.events.at(-1)).toMatchObject({ code: 'WRITERS_NOT_INTERLEAVED' });
    expect(await tablesOf('us2')).toEqual([]);
    const prepared = await fleet.json(['prepare', '--all-writers-interleaved']);
    expect(prepared.code).toBe(0);
    expect((await fleet.run(['migrate'])).out).toContain('Nothing to do');
    const definitions = await Promise.all(
      ['us1', 'us2'].map((shard) => fleet.rows(shard, 'SHOW CREATE TABLE customer')),
    );
    expect(definitions[1]).toEqual(definitions[0]);
    await fleet.rows('us2', "INSERT INTO invoice (customer_id) VALUES ('umbrella')");
    const [row] = await fleet.rows('us2', 'SELECT MIN(id) AS id FROM invoice');
    expect(Number(row?.['id'])).toBeGreaterThan(5);
  });

  async function expectAdopted(): Promise<void> {
    const ledger = await fleet.ledger('us1');
    const baseline = ledger.filter(({ migration }) => migration.startsWith('Old'));
    expect(
      baseline.map(({ migration, direction, state }) => [migration, direction, state]),
    ).toEqual(names.map((name) => [name, 'baseline', 'done']));
    expect(ledger.find(({ migration }) => migration === '(adoption)')?.state).toBe('done');
    expect(await tenantsOf()).toEqual(['acme', 'globex']);
    expect(await fleet.rows('us1', 'SELECT name FROM shard_identity')).toEqual([{ name: 'us1' }]);
  }

  async function tenantsOf(): Promise<unknown[]> {
    const rows = await fleet.rows('us1', 'SELECT tenant FROM shard_tenant ORDER BY tenant');
    return rows.map(({ tenant }) => String(tenant));
  }

  async function tablesOf(shard: string): Promise<unknown[]> {
    const rows = await fleet.rows(shard, 'SHOW TABLES');
    return rows.flatMap((row) => Object.values(row)).sort();
  }
});

describe('examples/adoption', () => {
  it('walks from forty TypeORM migrations to two shards', async () => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', WALK], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (out += text));
    const [code] = (await once(child, 'close')) as [number];
    expect(out).toContain('ready: two shards, nothing replayed, nothing moved');
    expect(code).toBe(0);
  });
});
