import { describe, expect, it } from 'vitest';
import {
  defineTopology,
  isSwitchyardError,
  type TopologyInvalidError,
  type ServerDefinition,
  type ShardDefinition,
  type TopologyDefinition,
} from './index.ts';

const server: ServerDefinition = {
  name: 'a',
  region: 'us',
  engine: 'mysql',
  writer: { host: 'db-a' },
  credentials: () => ({ user: 'u', password: 'secret' }),
};
const shard: ShardDefinition = { name: 'us1', ordinal: 1, server: 'a', database: 'app' };

describe('a topology', () => {
  it('fills in the defaults that its fields document', () => {
    const topology = defineTopology(fleet());
    expect(topology.shard('us1')).toMatchObject({
      fleet: 'f',
      weight: 1,
      tags: [],
      draining: false,
      server: {
        minVersion: '8.4.0',
        maxConnections: 20,
        readers: [],
        writer: { host: 'db-a', port: 3306 },
      },
    });
    const mariadb = defineTopology(fleet({ servers: [{ ...server, engine: 'mariadb' }] }));
    expect(mariadb.servers[0]?.minVersion).toBe('10.11.0');
  });

  it('allows several shards on one server, each with its own database', () => {
    const two = [shard, { ...shard, name: 'us2', ordinal: 2, database: 'app2' }];
    expect(defineTopology(fleet({ shards: two })).shards.map(({ name }) => name)).toEqual([
      'us1',
      'us2',
    ]);
  });

  it('answers a name that is no shard with SHARD_UNKNOWN, and names the shards it has', () => {
    const topology = defineTopology(fleet());
    expect(topology.has('us9')).toBe(false);
    expect(() => topology.shard('us9')).toThrow(
      expect.objectContaining({ code: 'SHARD_UNKNOWN', message: expect.stringContaining('us1') }),
    );
  });

  it('freezes its servers and shards', () => {
    const topology = defineTopology(fleet());
    expect(Object.isFrozen(topology.shard('us1'))).toBe(true);
    expect(Object.isFrozen(topology.shard('us1').server)).toBe(true);
  });
});

describe('a topology that contradicts itself is refused with TOPOLOGY_INVALID and names', () => {
  it.each<[string, Partial<TopologyDefinition>]>([
    ['fleet', { fleet: 'Not A Name' }],
    ['regions[0]', { regions: ['US East', 'us'] }],
    ['regions[1]', { regions: ['us', 'us'] }],
    ['servers[0].region', { servers: [{ ...server, region: 'mars' }] }],
    ['servers[0].name', { servers: [{ ...server, name: '' }], shards: [] }],
    ['servers[0].engine', { servers: [{ ...server, engine: 'postgres' as 'mysql' }] }],
    ['servers[0].minVersion', { servers: [{ ...server, minVersion: 'latest' }] }],
    ['servers[0].writer.host', { servers: [{ ...server, writer: { host: '' } }] }],
    ['servers[0].writer.port', { servers: [{ ...server, writer: { host: 'h', port: 99_999 } }] }],
    ['servers[0].readers[0].host', { servers: [{ ...server, readers: [{ host: '' }] }] }],
    ['servers[0].maxConnections', { servers: [{ ...server, maxConnections: 0 }] }],
    [
      'servers[0].credentials',
      {
        servers: [
          { ...server, credentials: undefined as unknown as ServerDefinition['credentials'] },
        ],
      },
    ],
    ['servers[1].name', { servers: [server, { ...server, writer: { host: 'db-b' } }] }],
    ['shards[0].name', { shards: [{ ...shard, name: 'US 1' }] }],
    ['shards[0].ordinal', { shards: [{ ...shard, ordinal: 0 }] }],
    ['shards[0].ordinal', { shards: [{ ...shard, ordinal: 1024 }] }],
    ['shards[0].server', { shards: [{ ...shard, server: 'b' }] }],
    ['shards[0].database', { shards: [{ ...shard, database: 'a`b' }] }],
    ['shards[0].weight', { shards: [{ ...shard, weight: -1 }] }],
    ['shards[1].name', { shards: [shard, { ...shard, ordinal: 2, database: 'app2' }] }],
    ['shards[1].ordinal', { shards: [shard, { ...shard, name: 'us2', database: 'app2' }] }],
    ['shards[1].database', { shards: [shard, { ...shard, name: 'us2', ordinal: 2 }] }],
  ])('%s (%o)', (field, part) => {
    expect(fieldsOf(() => defineTopology(fleet(part)))).toEqual([field]);
  });

  it('two shards on one database also where two servers have the same address', () => {
    const part = {
      servers: [server, { ...server, name: 'b', writer: { host: 'db-a', port: 3306 } }],
      shards: [shard, { ...shard, name: 'us2', ordinal: 2, server: 'b' }],
    };
    expect(fieldsOf(() => defineTopology(fleet(part)))).toEqual(['shards[1].database']);
  });

  it('all wrong fields at once, without any password', () => {
    const part = { shards: [{ ...shard, server: 'b', ordinal: 0 }], fleet: '' };
    const refused = () => defineTopology(fleet(part));
    expect(fieldsOf(refused)).toEqual(['fleet', 'shards[0].ordinal', 'shards[0].server']);
    expect(refused).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') }),
    );
  });
});

describe('shards added while running', () => {
  it('can be entered from then on, and listeners hear of them', () => {
    const topology = defineTopology(fleet());
    const heard: string[][] = [];
    const stop = topology.onAdded((added) => heard.push(added.map(({ name }) => name)));
    const before = topology.shards;
    topology.add({
      servers: [{ ...server, name: 'b', writer: { host: 'db-b' } }],
      shards: [{ ...shard, name: 'us2', ordinal: 2, server: 'b' }],
    });
    stop();
    topology.add({ shards: [{ ...shard, name: 'us3', ordinal: 3, database: 'app3' }] });
    expect(heard).toEqual([['us2']]);
    expect(before.length).toBe(1);
    expect(topology.shards.map(({ name }) => name)).toEqual(['us1', 'us2', 'us3']);
    expect(topology.shard('us2').server.writer.host).toBe('db-b');
  });

  it('are checked together with what is there; a refused addition changes nothing', () => {
    const topology = defineTopology(fleet());
    const heard: unknown[] = [];
    topology.onAdded((added) => heard.push(added));
    const fine = { ...shard, name: 'us2', ordinal: 2, database: 'app2' };
    const clash = { ...shard, name: 'us3', database: 'app3' };
    expect(fieldsOf(() => topology.add({ shards: [fine, clash] }))).toEqual(['shards[2].ordinal']);
    expect(topology.shards.map(({ name }) => name)).toEqual(['us1']);
    expect(heard).toEqual([]);
  });

  it('are refused where a listener objects; the refused addition changes nothing', () => {
    const topology = defineTopology(fleet());
    const stop = topology.onAdded(() => {
      throw new RangeError('not these');
    });
    const second = { ...shard, name: 'us2', ordinal: 2, database: 'app2' };
    expect(() => topology.add({ shards: [second] })).toThrow(RangeError);
    expect(topology.shards.map(({ name }) => name)).toEqual(['us1']);
    stop();
    topology.add({ shards: [second] });
    expect(topology.has('us2')).toBe(true);
  });
});

function fleet(part: Partial<TopologyDefinition> = {}): TopologyDefinition {
  return { fleet: 'f', regions: ['us'], servers: [server], shards: [shard], ...part };
}

function fieldsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (isSwitchyardError(error, 'TOPOLOGY_INVALID')) {
      return (error as TopologyInvalidError).problems.map(({ field }) => field);
    }
    throw error;
  }
  return [];
}
