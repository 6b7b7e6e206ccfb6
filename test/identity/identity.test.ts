import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ShardedDataSource } from '@switchyard/models';
import { identifyShard } from '@switchyard/mysql';
import { defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Currency } from '../fence/account.ts';

let fleet: Fleet;
const SHARDS = ['us1', 'us2'];

beforeAll(async () => {
  fleet = await startFleet({ entities: [Currency], servers: 1 });
  for (const shard of SHARDS) {
    await fleet.rows(shard, 'CREATE TABLE kept_identity AS SELECT * FROM shard_identity');
    await fleet.rows(shard, "INSERT INTO currency VALUES ('EUR', ?)", [shard]);
  }
});
afterAll(() => fleet?.stop());
beforeEach(async () => {
  for (const shard of SHARDS) {
    await fleet.rows(shard, 'DELETE FROM shard_identity');
    await fleet.rows(shard, 'INSERT INTO shard_identity SELECT * FROM kept_identity');
  }
});

/** Asks a data source of its own, whose connections are new. */
async function ask(shard: string, from?: ShardedDataSource): Promise<string> {
  const dataSource = from ?? (await fleet.open());
  const repository = dataSource.getRepository(Currency);
  return fleet.onShard(shard, async () => (await repository.findOneByOrFail({ code: 'EUR' })).name);
}

async function stamp(shard: string, changes: Record<string, unknown>): Promise<void> {
  await fleet.rows(shard, 'UPDATE shard_identity SET ?', [changes]);
}

async function refusal(shard: string): Promise<{ code: string; fields: string[] }> {
  const error = (await ask(shard).then(
    () => undefined,
    (failure: unknown) => failure,
  )) as { code: string; mismatches?: { field: string }[] } | undefined;
  expect(error, 'was let in').toBeDefined();
  return { code: error!.code, fields: (error!.mismatches ?? []).map(({ field }) => field) };
}

describe('a database behind the name of a shard', () => {
  it('is used where it is that shard', async () => {
    expect(await ask('us1')).toBe('us1');
    expect(await ask('us2')).toBe('us2');
  });

  it('is refused where a snapshot of us1 was started as us2', async () => {
    const [us1] = await fleet.rows('us1', 'SELECT name, uuid, ordinal FROM shard_identity');
    await stamp('us2', us1!);
    expect(await refusal('us2')).toEqual({
      code: 'SHARD_IDENTITY',
      fields: ['name', 'uuid', 'ordinal'],
    });
    expect(await ask('us1')).toBe('us1');
  });

  it('is refused under a second name that leads to the database of the first', async () => {
    const [first, second] = fleet.shards;
    const here = fleet.servers.find(({ name }) => name === first!.server)!;
    const alias = { ...here, name: 'alias', writer: { ...here.writer, host: 'localhost' } };
    const topology = defineTopology({
      fleet: 'test',
      regions: fleet.topology.regions,
      servers: [here, alias],
      shards: [first!, { ...second!, server: 'alias', database: first!.database }],
    });
    const { lockFile } = fleet;
    const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Currency] });
    await dataSource.initialize();
    const context = new ShardContext(topology);
    const count = () => dataSource.getRepository(Currency).count();
    try {
      expect(await context.onShard('us1', count)).toBe(1);
      await expect(context.onShard('us2', count)).rejects.toMatchObject({ code: 'SHARD_IDENTITY' });
    } finally {
      await dataSource.destroy();
    }
  });

  it('is refused where it is a restored older copy', async () => {
    await stamp('us1', { incarnation: 0 });
    expect(await refusal('us1')).toEqual({ code: 'SHARD_IDENTITY', fields: ['incarnation'] });
  });

  it('is refused where it is a copy of another fleet', async () => {
    await stamp('us1', { fleet: 'staging', uuid: '00000000-0000-0000-0000-000000000000' });
    expect(await refusal('us1')).toEqual({ code: 'SHARD_IDENTITY', fields: ['uuid', 'fleet'] });
  });

  it('is refused where it stands in another region', async () => {
    await stamp('us1', { region: 'eu' });
    expect(await refusal('us1')).toEqual({ code: 'SHARD_IDENTITY', fields: ['region'] });
  });

  it('is refused where it says nothing, or says it in a newer format', async () => {
    await stamp('us1', { format: 99 });
    expect((await refusal('us1')).code).toBe('SHARD_NOT_IDENTIFIABLE');
    await fleet.rows('us1', 'DELETE FROM shard_identity');
    expect((await refusal('us1')).code).toBe('SHARD_NOT_IDENTIFIABLE');
    await fleet.rows('us1', 'RENAME TABLE shard_identity TO away');
    try {
      expect((await refusal('us1')).code).toBe('SHARD_NOT_IDENTIFIABLE');
    } finally {
      await fleet.rows('us1', 'RENAME TABLE away TO shard_identity');
    }
  });

  it('is refused with SHARD_NOT_PREPARED where the lock file does not name the shard', async () => {
    const lockFile = new LockFile(`${fleet.lockFile.path}.empty`, 'test');
    const { topology } = fleet;
    const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Currency] });
    await dataSource.initialize();
    try {
      await expect(ask('us1', dataSource)).rejects.toMatchObject({ code: 'SHARD_NOT_PREPARED' });
    } finally {
      await dataSource.destroy();
    }
  });

  it('closes its pool, and is used again alone when it is right again', async () => {
    const dataSource = await fleet.open({ pool: { idleMs: 20 } });
    expect(await ask('us1', dataSource)).toBe('us1');
    await stamp('us1', { incarnation: 7 });
    const answer = () => ask('us1', dataSource).catch((error: { code: string }) => error.code);
    await expect.poll(answer).toBe('SHARD_IDENTITY');
    expect(await ask('us2', dataSource)).toBe('us2');
    await stamp('us1', { incarnation: 1 });
    await expect.poll(answer, { timeout: 5_000 }).toBe('us1');
  });
});

describe('identifyShard()', () => {
  it('makes a restored copy the shard by a higher incarnation, and shuts out what it was before', async () => {
    const { topology, lockFile } = fleet;
    await stamp('us2', { incarnation: 0 });
    expect((await refusal('us2')).code).toBe('SHARD_IDENTITY');
    const { identity, before } = await identifyShard({ topology, shard: 'us2', lockFile });
    expect(before?.incarnation).toBe(0);
    expect(identity.incarnation).toBe(2);
    expect(await ask('us2')).toBe('us2');
    await stamp('us2', { incarnation: 1 });
    expect(await refusal('us2')).toEqual({ code: 'SHARD_IDENTITY', fields: ['incarnation'] });
    await fleet.rows('us2', 'UPDATE kept_identity SET incarnation = 2');
  });

  it('gives a database that was another shard a uuid of its own', async () => {
    const { topology, lockFile } = fleet;
    const [us1] = await fleet.rows('us1', 'SELECT name, uuid, ordinal FROM shard_identity');
    await stamp('us2', us1!);
    const { identity } = await identifyShard({ topology, shard: 'us2', lockFile });
    expect(identity.uuid).not.toBe(us1!['uuid']);
    expect(await lockFile.expected('us2')).toEqual(identity);
    expect(await ask('us2')).toBe('us2');
  });
});
