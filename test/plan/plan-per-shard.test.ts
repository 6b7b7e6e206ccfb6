import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPlanner, loadMigrations, type Planner, type ShardPlan } from '@switchyard/migrator';
import { connectTo as connectAsAdmin } from '../support/servers/index.ts';
import {
  connectTo,
  migrationOf,
  planned,
  planningShard,
  type PlanningShard,
  type Up,
} from './planning-shard.ts';

const ACCOUNT = 'CREATE TABLE account (id INT PRIMARY KEY, a INT, KEY k (a))';
const ADD = 'ALTER TABLE account ADD COLUMN x INT';

describe('plans for a fleet', () => {
  let shards: PlanningShard[];
  let planner: Planner;
  let recorded: string[];
  beforeAll(async () => {
    shards = [await planningShard('one', 0), await planningShard('two', 1)];
  });
  beforeEach(async () => {
    planner = createPlanner();
    recorded = [];
    for (const shard of shards) {
      await shard.run(
        'DROP TABLE IF EXISTS account, other, later',
        ACCOUNT,
        'INSERT INTO account VALUES (1, 1)',
      );
    }
  });
  afterAll(() => Promise.all(shards.map((shard) => shard.close())));

  it('are recorded once for all shards whose definitions and server are the same', async () => {
    const plans = await planAll((q) => q.query(ADD));
    expect(recorded).toHaveLength(1);
    expect(plans.map(({ shard, steps }) => [shard, steps[0]?.path])).toEqual([
      ['one', 'instant'],
      ['two', 'instant'],
    ]);
    expect(plans[0]?.fingerprint).toBe(plans[1]?.fingerprint);
    expect(plans[0]?.steps[0]?.id).toBe(plans[1]?.steps[0]?.id);
  });

  it('are recorded again where a table that they rest on differs', async () => {
    await shards[1]!.run('ALTER TABLE account ADD COLUMN x INT');
    const plans = await planAll((q) => q.query(ADD));
    expect(recorded).toHaveLength(2);
    expect(plans.map(({ steps }) => steps[0]?.path)).toEqual(['instant', 'already-there']);
    expect(plans[0]?.fingerprint).not.toBe(plans[1]?.fingerprint);
  });

  it('do not mind tables that the migration has nothing to do with', async () => {
    await shards[1]!.run('CREATE TABLE other (id INT PRIMARY KEY)');
    await planAll((q) => q.query(ADD));
    expect(recorded).toHaveLength(1);
  });

  it('mind a table that the migration only looked for', async () => {
    await shards[1]!.run('CREATE TABLE later (id INT PRIMARY KEY)');
    const plans = await planAll(async (q) => {
      if (!(await q.hasTable('later'))) await q.query('CREATE TABLE later (id INT PRIMARY KEY)');
      else await q.query('ALTER TABLE later ADD COLUMN x INT');
    });
    expect(plans.map(({ steps }) => steps[0]?.path)).toEqual(['create', 'instant']);
  });

  it('mind every table where the migration looks at all of them', async () => {
    await shards[1]!.run('CREATE TABLE other (id INT PRIMARY KEY)');
    const plans = await planAll(async (q) => {
      const tables: object[] = await q.query('SHOW TABLES');
      if (tables.length > 1) await q.query(ADD);
    });
    expect(plans.map(({ steps }) => steps.length)).toEqual([0, 1]);
  });

  it('are recorded on every shard where the migration reads rows', async () => {
    await shards[1]!.run('INSERT INTO account VALUES (2, 1)');
    const plans = await planAll(async (q) => {
      const rows: { id: number }[] = await q.query('SELECT id FROM account');
      for (const { id } of rows) await q.query('UPDATE account SET a = 2 WHERE id = ?', [id]);
    });
    expect(recorded).toHaveLength(2);
    expect(plans.map(({ steps }) => steps.map((step) => step.parameters[0]))).toEqual([
      [1],
      [1, 2],
    ]);
    expect(plans.every(({ steps }) => steps.every((step) => step.readsData))).toBe(true);
  });

  it('are made by shards at once without recording more than one of them', async () => {
    const migrations = await loadMigrations([
      migrationOf(
        'Once1700000000001',
        recording((q) => q.query(ADD)),
      ),
    ]);
    const connections = await Promise.all(
      Array.from({ length: 6 }, () => connectTo(shards[0]!.database)),
    );
    await Promise.all(
      connections.map((connection) => planner.plan({ shard: 'one', connection }, { migrations })),
    );
    await Promise.all(connections.map((connection) => connection.end()));
    expect(recorded).toHaveLength(1);
  });

  it('stand on one another where several migrations are pending', async () => {
    const migrations = await loadMigrations([
      migrationOf('Second1700000000002', (q) => q.query('CREATE INDEX k_x ON account (x)')),
      migrationOf('First1700000000001', (q) => q.query(ADD)),
      migrationOf('Third1700000000003', (q) =>
        q.query('ALTER TABLE later MODIFY id BIGINT NOT NULL'),
      ),
      migrationOf('Create1700000000002', (q) => q.query('CREATE TABLE later (id INT PRIMARY KEY)')),
    ]);
    const { connection } = shards[0]!;
    const plans = await planner.plan({ shard: 'one', connection }, { migrations });
    expect(plans.map(({ migration, steps }) => [migration, steps[0]?.path])).toEqual([
      ['First1700000000001', 'instant'],
      ['Second1700000000002', 'inplace'],
      ['Create1700000000002', 'create'],
      ['Third1700000000003', 'copy'],
    ]);
  });

  it('plan the way back through down', async () => {
    const migration = migrationOf(
      'Back1700000000001',
      (q) => q.query(ADD),
      (q) => q.query('ALTER TABLE account DROP COLUMN x'),
    );
    await shards[0]!.run(ADD);
    const migrations = await loadMigrations([migration]);
    const { connection } = shards[0]!;
    const [plan] = await planner.plan(
      { shard: 'one', connection },
      { migrations, direction: 'down' },
    );
    expect(plan?.refusals.map((refusal) => refusal.flag)).toEqual(['drop-column:account.x']);
    expect(plan?.steps[0]?.path).toBe('instant');
  });

  it('change nothing on the shard, and leave no database and no setting behind', async () => {
    const [shard] = shards;
    const before = await stateOf(shard!);
    await planned(shard!, [
      ADD,
      'CREATE TABLE later (id INT PRIMARY KEY)',
      'UPDATE account SET a = 5',
    ]);
    await planned(shard!, 'ALTAR TABLE account');
    await planned(shard!, async () => {
      throw new RangeError('not today');
    });
    expect(await stateOf(shard!)).toEqual(before);
  });

  it('are refused with SCRATCH_REFUSED where no scratch database can be made', async () => {
    const [shard] = shards;
    const { server, name } = shard!.database;
    const user = `plain_${name.slice(-12)}`.replaceAll('-', '_');
    const admin = await connectAsAdmin(server);
    await admin.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`);
    await admin.query(`GRANT ALTER, SELECT ON \`${name}\`.* TO ${user}@'%'`);
    const connection = await connectTo({
      ...shard!.database,
      server: { ...server, user, password: 'pw' },
    });
    const migrations = await loadMigrations([
      migrationOf('Denied1700000000001', (q) => q.query(ADD)),
    ]);
    const refused = await planner
      .plan({ shard: 'one', connection }, { migrations })
      .catch((e: unknown) => e);
    await connection.end();
    await admin.query(`DROP USER ${user}@'%'`);
    await admin.end();
    expect(refused).toMatchObject({ code: 'SCRATCH_REFUSED', shard: 'one' });
  });

  it('work with privileges on the shard and on scratch databases, and name the ones that lack', async () => {
    const [shard] = shards;
    const { server, name } = shard!.database;
    const user = `some_${name.slice(-12)}`.replaceAll('-', '_');
    const admin = await connectAsAdmin(server);
    await admin.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'pw'`);
    await admin.query(`GRANT SELECT, INSERT, CREATE ON \`${name}\`.* TO ${user}@'%'`);
    await admin.query(`GRANT PROCESS ON *.* TO ${user}@'%'`); // else MariaDB shows no holders
    await admin.query(`GRANT ALL ON \`switchyard\\_scratch\\_%\`.* TO ${user}@'%'`);
    const connection = await connectTo({
      ...shard!.database,
      server: { ...server, user, password: 'pw' },
    });
    const migrations = await loadMigrations([
      migrationOf('Some1700000000001', (q) => q.query(ADD)),
    ]);
    const [plan] = await planner.plan({ shard: 'one', connection }, { migrations });
    await connection.end();
    await admin.query(`DROP USER ${user}@'%'`);
    await admin.end();
    expect(plan?.steps[0]?.path).toBe('instant');
    expect(plan?.blockers.map(({ kind, reason }) => `${kind}: ${reason}`)).toEqual([
      expect.stringMatching(/^privilege: .*ALTER/),
    ]);
  });

  it('clear away what a killed planner left more than an hour ago, and nothing younger', async () => {
    const [shard] = shards;
    const admin = await connectAsAdmin(shard!.database.server);
    const old = `switchyard_scratch_${(Date.now() - 4_000_000).toString(36)}_00000000aa`;
    const young = `switchyard_scratch_${Date.now().toString(36)}_00000000bb`;
    await admin.query(`CREATE DATABASE ${old}`);
    await admin.query(`CREATE DATABASE ${young}`);
    await planned(shard!, ADD);
    const [left] = await admin.query("SHOW DATABASES LIKE 'switchyard\\_scratch\\_%'");
    await admin.query(`DROP DATABASE ${young}`);
    await admin.end();
    const names = (left as object[]).map((row) => Object.values(row)[0]);
    expect(names).toContain(young);
    expect(names).not.toContain(old);
  });

  async function planAll(up: Up): Promise<ShardPlan[]> {
    const migrations = await loadMigrations([migrationOf('Fleet1700000000001', recording(up))]);
    const plans: ShardPlan[] = [];
    for (const { name, connection } of shards) {
      plans.push(...(await planner.plan({ shard: name, connection }, { migrations })));
    }
    return plans;
  }

  function recording(up: Up): Up {
    return async (queryRunner) => {
      recorded.push('up');
      await up(queryRunner);
    };
  }
});

/** Everything of a shard and its connection that planning could have touched. */
async function stateOf({ connection, database }: PlanningShard): Promise<unknown> {
  const [tables] = await connection.query('SHOW TABLES');
  const [definition] = await connection.query('SHOW CREATE TABLE account');
  const [rows] = await connection.query('SELECT * FROM account');
  const [session] = await connection.query(
    'SELECT DATABASE(), @@foreign_key_checks, @@sql_mode, @@autocommit',
  );
  const [scratch] = await connection.query(
    'SELECT COUNT(*) AS n FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?',
    [`switchyard_scratch_of_${database.name}`],
  );
  return { tables, definition, rows, session, scratch };
}
