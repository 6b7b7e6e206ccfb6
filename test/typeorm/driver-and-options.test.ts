import { originOf, Sharded, type ShardedDataSource } from '@switchyard/models';
import {
  Column,
  DefaultNamingStrategy,
  Entity,
  PrimaryColumn,
  VersionColumn,
  ViewColumn,
  ViewEntity,
  type Logger,
} from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type DataSourcePart, type Fleet } from '../support/fleet/index.ts';
import { onBoth, onFirst, onSecond, PLACES } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Moment {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'datetime' }) at!: Date | string;
  @Column({ type: 'bigint' }) big!: string | number;
  @Column({ type: 'int', asExpression: 'id * 2', generatedType: 'STORED' }) doubled!: number;
  @VersionColumn({ type: 'int' }) version!: number;
}

@Sharded({ tenant: 'none' })
@ViewEntity({ expression: 'SELECT id, doubled FROM moment' })
class Doubled {
  @ViewColumn() id!: number;
  @ViewColumn() doubled!: number;
}

const ENTITIES = [Moment, Doubled];
const FACT =
  "INSERT INTO moment (id, tenantId, at, big, version) VALUES (1, '%', '2026-01-02 03:04:05', 7, 1)";

let fleet: Fleet;
beforeAll(async () => {
  // Both shards on one server, so that what looks around there sees the other.
  fleet = await startFleet({
    entities: ENTITIES,
    servers: 1,
    tenants: { us1: ['t_1'], us2: ['t_2'] },
  });
  for (const [shard, tenant] of PLACES) await fleet.rows(shard, FACT.replace('%', tenant));
});
afterAll(() => fleet?.stop());

const databaseOf = (shard: string) => fleet.shards.find(({ name }) => name === shard)?.database;
const moments = (dataSource: ShardedDataSource = fleet.dataSource) =>
  dataSource.getRepository(Moment);

describe('the driver of a sharded data source', () => {
  it('says the database of the context’s shard, and outside a name that fails in SQL', async () => {
    const driver = fleet.dataSource.driver as MysqlDriver;
    const seen = () => Promise.resolve([driver.database, driver.options.database]);
    const [us1, us2] = [databaseOf('us1'), databaseOf('us2')];
    expect(await onBoth(fleet, seen)).toEqual([
      [us1, us1],
      [us2, us2],
    ]);
    const [outside] = await seen();
    expect(await seen()).toEqual([outside, outside]);
    for (const [shard] of PLACES) {
      const query = fleet.onShard(shard, () =>
        fleet.dataSource.query(`SELECT * FROM \`${outside}\`.moment`),
      );
      await expect(query).rejects.toMatchObject({ name: 'QueryFailedError' });
    }
  });

  it('hands out connections of the context’s shard, and none without a context', async () => {
    const { driver } = fleet.dataSource;
    const seen = await onBoth(fleet, async () => {
      const taken = [await driver.obtainMasterConnection(), await driver.obtainSlaveConnection()];
      return Promise.all(taken.map(currentDatabase));
    });
    const [us1, us2] = [databaseOf('us1'), databaseOf('us2')];
    expect(seen).toEqual([
      [us1, us1],
      [us2, us2],
    ]);
    await expect(async () => driver.obtainMasterConnection()).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
  });
});

/** Asks a connection where it is, and gives it back. */
async function currentDatabase(connection: unknown): Promise<unknown> {
  const taken = connection as {
    promise(): { query(sql: string): Promise<[{ db: string }[], unknown]> };
    release(): void;
  };
  try {
    const [rows] = await taken.promise().query('SELECT DATABASE() AS db');
    return rows[0]?.db;
  } finally {
    taken.release();
  }
}

describe('generated columns and views', () => {
  it('are noted in each shard’s own typeorm_metadata, so that synchronize() finds nothing to do', async () => {
    for (const [shard] of PLACES) {
      const noted = await fleet.rows(
        shard,
        'SELECT DISTINCT `schema` AS place FROM typeorm_metadata WHERE `schema` IS NOT NULL',
      );
      expect(noted).toEqual([{ place: databaseOf(shard) }]);
      const again = await fleet.onShard(
        shard,
        async () => (await fleet.dataSource.driver.createSchemaBuilder().log()).upQueries,
      );
      expect(again).toEqual([]);
    }
    const found = await onBoth(fleet, () => fleet.dataSource.getRepository(Doubled).find());
    expect(found.map(([row]) => Number(row?.doubled))).toEqual([2, 2]);
  });
});

describe('options of how values are read and tables are called', () => {
  const read = (options: DataSourcePart) => async () => {
    const dataSource = await fleet.open({ entities: ENTITIES, ...options });
    return onBoth(fleet, async () => {
      const { at, big } = await moments(dataSource).findOneByOrFail({ id: 1 });
      const [raw] = await dataSource.query<{ at: unknown }[]>('SELECT at FROM moment');
      return [at instanceof Date ? at.toISOString() : at, big, raw?.at instanceof Date];
    });
  };

  it.each<[options: DataSourcePart, row: unknown[]]>([
    [{ timezone: 'Z' }, ['2026-01-02T03:04:05.000Z', '7', true]],
    [{ timezone: '+05:00' }, ['2026-01-01T22:04:05.000Z', '7', true]],
    [{ supportBigNumbers: true, bigNumberStrings: false }, [expect.any(String), 7, true]],
    [{ dateStrings: true, timezone: 'Z' }, [expect.any(String), '7', false]],
  ])('%j hold for every shard', async (options, row) => {
    expect(await read(options)()).toEqual([row, row]);
  });

  it('entityPrefix and namingStrategy name the same tables on every shard', async () => {
    class Loud extends DefaultNamingStrategy {
      override columnName(property: string, custom: string | undefined, prefixes: string[]) {
        return `${super.columnName(property, custom as string, prefixes)}_`;
      }
    }
    const entities = [Moment];
    const named = await fleet.open({
      entities,
      entityPrefix: 'app_',
      namingStrategy: new Loud(),
      synchronize: false,
    });
    for (const [shard] of PLACES) {
      await fleet.rows(
        shard,
        'CREATE TABLE app_moment (id_ int, tenantId_ varchar(20), at_ datetime, big_ bigint, doubled_ int, version_ int)',
      );
    }
    const saved = await onBoth(fleet, async (shard) => {
      await named.query('INSERT INTO app_moment VALUES (1, ?, NOW(), 1, 2, 1)', [shard]);
      return (await moments(named).findOneByOrFail({ id: 1 })).tenantId;
    });
    expect(saved).toEqual(['us1', 'us2']);
  });
});

describe('setOptions()', () => {
  it('reaches shards that were asked before', async () => {
    const dataSource = await fleet.open({ entities: ENTITIES });
    await dataSource.shard('us1').getRepository(Moment).count();
    await onSecond(fleet, () => moments(dataSource).count());
    const seen: string[] = [];
    dataSource.setOptions({ logging: ['query'], logger: sqlInto(seen) });
    await dataSource.shard('us1').getRepository(Moment).count();
    await onSecond(fleet, () => moments(dataSource).count());
    expect(seen.filter((sql) => sql.includes('COUNT'))).toHaveLength(2);
  });

  it.each<[option: string, value: unknown]>([
    ['database', 'other'],
    ['cache', true],
    ['timezone', 'Z'],
    ['bigNumberStrings', false],
    ['synchronize', true],
    ['migrationsRun', true],
    ['poolSize', 3],
  ])(
    'refuses %s, of which connections or caches were made, with OPTION_REFUSED',
    (option, value) => {
      expect(() => fleet.dataSource.setOptions({ [option]: value })).toThrow(
        expect.objectContaining({ code: 'OPTION_REFUSED', option }) as Error,
      );
    },
  );
});

function sqlInto(seen: string[]): Logger {
  const noop = () => undefined;
  return {
    logQuery: (sql) => void seen.push(sql),
    logQueryError: noop,
    logQuerySlow: noop,
    logSchemaBuild: noop,
    logMigration: noop,
    log: noop,
  };
}

describe('a query runner', () => {
  it('shows the data source, a manager of its own and its place, in every context', async () => {
    const [one, two] = await onBoth(fleet, () =>
      Promise.resolve(fleet.dataSource.createQueryRunner()),
    );
    for (const [runner, shard] of [
      [one, 'us1'],
      [two, 'us2'],
    ] as const) {
      expect(runner.dataSource).toBe(fleet.dataSource);
      expect(runner.manager.queryRunner).toBe(runner);
      expect(runner.manager.dataSource).toBe(fleet.dataSource);
      expect(runner).toMatchObject({ place: { shard } });
      const [row] = await runner.query('SELECT DATABASE() AS db');
      expect(row).toEqual({ db: databaseOf(shard) });
      await runner.release();
    }
  });
});

describe('the manager of one shard', () => {
  it('makes records that belong nowhere until they are saved, in whatever context', async () => {
    const { manager } = fleet.dataSource.shard('us1');
    const make = () => Promise.resolve(manager.create(Moment, { id: 9, at: new Date(), big: '1' }));
    const made = await onSecond(fleet, make);
    expect(originOf(made)).toBeUndefined();
    await expect(onSecond(fleet, () => manager.save(made))).rejects.toMatchObject({
      code: 'RUNNER_MISPLACED',
    });
    await onFirst(fleet, () => manager.save(made));
    expect(originOf(made)).toMatchObject({ shard: 'us1', tenant: 't_1' });
    expect(await fleet.rows('us2', 'SELECT id FROM moment WHERE id = 9')).toEqual([]);
  });
});

describe('dropDatabase()', () => {
  it('empties the shard of the context, and is refused for a tenant and without a context', async () => {
    const drop = () => fleet.dataSource.dropDatabase();
    const count = 'SELECT COUNT(*) n FROM moment';
    const before = await fleet.rows('us2', count);
    await expect(drop()).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    await expect(onFirst(fleet, drop)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    await fleet.onShard('us1', drop);
    expect(await fleet.rows('us1', "SHOW TABLES LIKE 'moment'")).toEqual([]);
    expect(await fleet.rows('us2', count)).toEqual(before);
  });
});
