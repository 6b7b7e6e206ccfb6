import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextMissingChannel, ShardedDataSource, type ContextMissing } from '@switchyard/models';
import { defineTopology } from '@switchyard/shard-context';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account, Currency } from '../fence/account.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: ['us1'],
    entities: [Account, Currency],
    tenants: { us1: ['t_1'] },
  });
});
afterAll(() => fleet?.stop());

const report = { contextMissing: 'report' } as const;

describe('a query without a context, while the topology has one shard and missing is reported', () => {
  it('runs there, neither fenced nor stamped, and is reported once for each call site', async () => {
    const dataSource = await fleet.open(report);
    const seen: ContextMissing[] = [];
    const listen = (message: unknown) => void seen.push(message as ContextMissing);
    contextMissingChannel.subscribe(listen);
    try {
      const currencies = dataSource.getRepository(Currency);
      async function forgetful(): Promise<number> {
        return currencies.count();
      }
      for (let i = 0; i < 3; i++) expect(await forgetful()).toBe(0);
      await dataSource.getRepository(Account).insert({ tenantId: 't_9', email: 'nobody' });
      await dataSource.transaction((manager) => manager.save(Currency, { code: 'EUR', name: 'x' }));
    } finally {
      contextMissingChannel.unsubscribe(listen);
    }
    const reports = dataSource.contextMissingReports();
    expect(seen).toEqual(reports);
    expect(reports.map(({ model }) => model)).toEqual(['Currency', 'Account', 'Currency']);
    for (const { callSite, stack } of reports) {
      expect(callSite).toContain('context-missing.test.ts');
      expect(stack).toContain(callSite);
    }
    expect(reports[0]!.callSite).toContain('forgetful');
    expect(await fleet.rows('us1', 'SELECT tenantId FROM account')).toEqual([{ tenantId: 't_9' }]);
  });

  it('is not reported inside a context', async () => {
    const dataSource = await fleet.open(report);
    await fleet.onTenant('us1', 't_1', () => dataSource.getRepository(Account).count());
    expect(dataSource.contextMissingReports()).toEqual([]);
  });

  it('lets synchronize() and migrations act on that shard', async () => {
    const dataSource = await fleet.open(report);
    await dataSource.synchronize();
    expect(await dataSource.showMigrations()).toBe(false);
  });
});

describe('with a second shard', () => {
  const second = () => ({
    ...fleet.shards[0]!,
    name: 'us2',
    ordinal: 2,
    database: 'another_database',
  });

  it('start-up is refused with CONTEXT_REPORT_NOT_ALLOWED', async () => {
    const topology = defineTopology({
      fleet: 'test',
      regions: fleet.topology.regions,
      servers: fleet.servers,
      shards: [...fleet.shards, second()],
    });
    const { lockFile } = fleet;
    const dataSource = new ShardedDataSource({ topology, lockFile, ...report });
    await expect(dataSource.initialize()).rejects.toMatchObject({
      code: 'CONTEXT_REPORT_NOT_ALLOWED',
    });
  });

  it('added while running, the addition is refused and changes nothing', async () => {
    const topology = defineTopology({
      fleet: 'test',
      regions: fleet.topology.regions,
      servers: fleet.servers,
      shards: fleet.shards,
    });
    const { lockFile } = fleet;
    const entities = [Account, Currency];
    const dataSource = new ShardedDataSource({ topology, lockFile, entities, ...report });
    await dataSource.initialize();
    try {
      expect(await dataSource.getRepository(Currency).count()).toBeGreaterThanOrEqual(0);
      expect(() => topology.add({ shards: [second()] })).toThrow(
        expect.objectContaining({ code: 'CONTEXT_REPORT_NOT_ALLOWED' }),
      );
      expect(topology.shards).toHaveLength(1);
      expect(await dataSource.getRepository(Currency).count()).toBeGreaterThanOrEqual(0);
    } finally {
      await dataSource.destroy();
    }
  });
});
