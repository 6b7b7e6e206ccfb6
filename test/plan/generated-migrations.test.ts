import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPlanner, loadMigrations, type MigrationClass } from '@switchyard/migrator';
import { DataSource, EntitySchema, type SelectQueryBuilder } from 'typeorm';
import { carryOut, migrationOf, planningShard, type PlanningShard } from './planning-shard.ts';

interface Account {
  id: number;
  email: string;
}

/** Entities of an application at one moment: a generated column, an index and a view. */
function entitiesWith(expression: string, above: number): EntitySchema[] {
  const account = new EntitySchema<Account & { short: string }>({
    name: 'account',
    columns: {
      id: { type: Number, primary: true, generated: true },
      email: { type: String },
      short: { type: String, asExpression: expression, generatedType: 'STORED', nullable: true },
    },
    indices: [{ name: 'k_email', columns: ['email'] }],
  });
  const query = (source: DataSource): SelectQueryBuilder<Account> =>
    source
      .createQueryBuilder()
      .select('a.id', 'id')
      .from<Account>('account', 'a')
      .where(`a.id > ${above}`);
  const lively = new EntitySchema<{ id: number }>({
    name: 'lively',
    type: 'view',
    expression: query as unknown as string,
    columns: { id: { type: Number } },
  });
  return [account, lively];
}

describe('migrations that TypeORM generates against a development database', () => {
  const shards: PlanningShard[] = [];
  let development: PlanningShard;
  beforeAll(async () => {
    development = await planningShard('development');
    shards.push(await planningShard('generated_a'), await planningShard('generated_b'));
  });
  afterAll(() => Promise.all([development, ...shards].map((each) => each.close())));

  const sourceOf = (shard: PlanningShard, entities: EntitySchema[]) => {
    const { host, port, user, password } = shard.database.server;
    const database = shard.database.name;
    const type = shard.engine;
    return new DataSource({ type, host, port, username: user, password, database, entities });
  };

  /** What TypeORM would write into a migration file, and then does to the database itself. */
  async function generated(name: string, entities: EntitySchema[]): Promise<MigrationClass> {
    const source = await sourceOf(development, entities).initialize();
    const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log();
    await source.synchronize();
    await source.destroy();
    expect(JSON.stringify(upQueries)).toContain(development.database.name);
    return migrationOf(
      name,
      async (q) => {
        for (const { query, parameters } of upQueries) await q.query(query, parameters);
      },
      async (q) => {
        for (const { query, parameters } of downQueries.toReversed())
          await q.query(query, parameters);
      },
    );
  }

  async function carriedOut(
    written: MigrationClass,
    direction: 'up' | 'down' = 'up',
  ): Promise<void> {
    const migrations = await loadMigrations([written]);
    const allow = ['drop-table:account', 'rebuild-stored:account.short'];
    const planner = createPlanner({ allow });
    for (const shard of shards) {
      const { name, connection } = shard;
      const [plan] = await planner.plan({ shard: name, connection }, { migrations, direction });
      expect(plan!.refusals).toEqual([]);
      expect(JSON.stringify(plan!.steps)).not.toContain(development.database.name);
      await carryOut(shard, plan!);
    }
  }

  const noted = async (shard: PlanningShard) => {
    const [rows] = await shard.connection.query(
      'SELECT `schema` AS place, name, value FROM typeorm_metadata ORDER BY name',
    );
    return rows;
  };

  it('note views and generated columns under the name of each shard’s own database', async () => {
    const first = await generated('First1700000000001', entitiesWith('lower(email)', 1));
    await carriedOut(first);
    for (const shard of shards) {
      const place = shard.database.name;
      expect(await noted(shard)).toEqual([
        {
          place,
          name: 'lively',
          value: 'SELECT `a`.`id` AS `id` FROM `account` `a` WHERE `a`.`id` > 1',
        },
        { place, name: 'short', value: 'lower(email)' },
      ]);
    }
    const second = await generated('Second1700000000002', entitiesWith('upper(email)', 2));
    await carriedOut(second);
    for (const shard of shards) {
      const place = shard.database.name;
      expect(await noted(shard)).toMatchObject([
        { place, value: expect.stringContaining('> 2') as string },
        { place, value: 'upper(email)' },
      ]);
      const source = await sourceOf(shard, entitiesWith('upper(email)', 2)).initialize();
      const { upQueries } = await source.driver.createSchemaBuilder().log();
      await source.destroy();
      expect(upQueries).toEqual([]);
    }
    await carriedOut(second, 'down');
    for (const shard of shards) {
      expect(await noted(shard)).toMatchObject([
        { name: 'lively', value: expect.stringContaining('> 1') as string },
        { name: 'short', value: 'lower(email)' },
      ]);
    }
    await carriedOut(first, 'down');
    for (const shard of shards) expect(await noted(shard)).toEqual([]);
  });

  it('are translated where the values stand in the statement, in any order of columns', async () => {
    const shard = shards[0]!;
    const name = development.database.name;
    const written = migrationOf('Written1700000000003', async (q) => {
      await q.query(
        `INSERT INTO ${name}.typeorm_metadata (type, \`schema\`, name, value) VALUES
           ('VIEW', '${name}', 'one', 'SELECT 1'), (?, ?, ?, 'SELECT 2')`,
        ['VIEW', name, 'two'],
      );
      await q.query(
        "UPDATE typeorm_metadata SET value = 'SELECT 3' WHERE name = 'one' AND `schema` = ?",
        [name],
      );
    });
    await carriedOut(written);
    const place = shard.database.name;
    expect(await noted(shard)).toEqual([
      { place, name: 'one', value: 'SELECT 3' },
      { place, name: 'two', value: 'SELECT 2' },
    ]);
  });
});
