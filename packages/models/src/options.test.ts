import { describe, expect, it } from 'vitest';
import { defineTopology, LockFile, type ServerDefinition } from '@switchyard/shard-context';
import { ShardedDataSource } from './data-source/sharded-data-source.ts';

const server = (name: string, engine: ServerDefinition['engine'] = 'mariadb') => ({
  name,
  engine,
  region: 'us',
  writer: { host: name },
  credentials: () => ({ user: 'u', password: 'p' }),
});
const topologyOf = (servers: ServerDefinition[]) =>
  defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers,
    shards: servers.map(({ name }, i) => ({
      name: `us${i + 1}`,
      ordinal: i + 1,
      server: name,
      database: 'app',
    })),
  });
const lockFile = new LockFile('/nowhere/switchyard.lock.json', 'test');
const create = (options: object, servers = [server('a'), server('b')]) =>
  new ShardedDataSource({ topology: topologyOf(servers), lockFile, ...options });

describe('a ShardedDataSource', () => {
  it.each<[option: string, value: unknown]>([
    ...['host', 'username', 'password', 'database', 'url', 'socketPath'].map(
      (option): [string, unknown] => [option, 'x'],
    ),
    ['port', 3306],
    ['replication', { master: {}, slaves: [] }],
    ['driver', {}],
    ['poolSize', 5],
    ['acquireTimeout', 1],
    ['connectTimeout', 1],
    ['multipleStatements', true],
    ['synchronize', true],
    ['migrationsRun', true],
    ['dropSchema', true],
  ])('refuses `%s` with OPTION_REFUSED, naming it and the way', (option, value) => {
    expect(() => create({ [option]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION_REFUSED', option }),
    );
  });

  it('refuses sizes of a pool that is not used, instead of taking and ignoring them', () => {
    for (const option of ['connectionLimit', 'queueLimit', 'idleTimeout', 'connectTimeout']) {
      expect(() => create({ extra: { [option]: 2 } })).toThrow(
        expect.objectContaining({ code: 'OPTION_REFUSED', option: `extra.${option}` }),
      );
    }
  });

  it('refuses what `extra` would slip in', () => {
    for (const option of ['host', 'password', 'database', 'multipleStatements']) {
      expect(() => create({ extra: { [option]: 'x' } })).toThrow(
        expect.objectContaining({ code: 'OPTION_REFUSED', option: `extra.${option}` }),
      );
    }
  });

  it.each([['MULTI_STATEMENTS'], ['+multi_statements,-FOUND_ROWS'], [['MULTI_STATEMENTS']]])(
    'refuses the flags %j, which let one text be several statements',
    (flags) => {
      expect(() => create({ extra: { flags } })).toThrow(
        expect.objectContaining({ code: 'OPTION_REFUSED', option: 'extra.flags' }),
      );
      expect(() => create({ extra: { flags: ['-MULTI_STATEMENTS'] } })).not.toThrow();
    },
  );

  it('does not repeat a refused password', () => {
    expect(() => create({ password: 'a-secret' })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('a-secret') as string }),
    );
  });

  it('takes TypeORM’s options that do not differ between shards', () => {
    const dataSource = create({ timezone: 'Z', dateStrings: true, isolationLevel: 'SERIALIZABLE' });
    expect(dataSource.options).toMatchObject({ timezone: 'Z', type: 'mariadb' });
    expect(() => dataSource.setOptions({ database: 'x' })).toThrow(
      expect.objectContaining({ code: 'OPTION_REFUSED' }),
    );
  });

  it('refuses servers of both engines, at the start and when one is added', async () => {
    expect(() => create({}, [server('a'), server('b', 'mysql')])).toThrow(
      expect.objectContaining({ code: 'ENGINES_MIXED' }),
    );
    const dataSource = create({});
    await dataSource.initialize();
    expect(() => dataSource.topology.add({ servers: [server('c', 'mysql')] })).toThrow(
      expect.objectContaining({ code: 'ENGINES_MIXED' }),
    );
    await dataSource.destroy();
  });

  it('answers with the capabilities that the oldest server has, also for its children, and again when one is added', async () => {
    const old = { ...server('b'), minVersion: '10.6.0' };
    const dataSource = create({}, [{ ...server('a'), minVersion: '11.4.0' }, old]);
    await dataSource.initialize();
    expect(dataSource.driver.version).toBe('10.6.0');
    for (const driver of [dataSource.driver, dataSource.shard('us1').driver]) {
      expect(driver.isReturningSqlSupported('insert')).toBe(true);
      expect(driver.normalizeType({ type: 'uuid' })).toBe('varchar');
    }
    const older = { ...server('c'), minVersion: '10.4.0' };
    const shard = { name: 'us3', ordinal: 3, server: 'c', database: 'app' };
    dataSource.topology.add({ servers: [older], shards: [shard] });
    for (const driver of [dataSource.driver, dataSource.shard('us1').driver]) {
      expect(driver.isReturningSqlSupported('insert')).toBe(false);
    }
    await dataSource.destroy();
  });

  it('hands out its shards as ordinary data sources that share what it knows', async () => {
    const dataSource = create({});
    await dataSource.initialize();
    const child = dataSource.shard('us1');
    expect(dataSource.shard('us1')).toBe(child);
    expect(child.isInitialized).toBe(true);
    expect(child.options).toMatchObject({ database: 'app' });
    expect(child.subscribers).toBe(dataSource.subscribers);
    expect(child.entityMetadatas).toBe(dataSource.entityMetadatas);
    expect(() => dataSource.shard('us9')).toThrow(
      expect.objectContaining({ code: 'SHARD_UNKNOWN' }),
    );
    await dataSource.destroy();
  });
});
