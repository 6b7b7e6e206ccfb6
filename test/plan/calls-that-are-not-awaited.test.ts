import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setTimeout as after } from 'node:timers/promises';
import { EntitySchema, TableColumn, TableForeignKey, TableIndex } from 'typeorm';
import { createPlanner, loadMigrations } from '@switchyard/migrator';
import {
  carryOut,
  migrationOf,
  planned,
  planningShard,
  type PlanningShard,
} from './planning-shard.ts';

const RUNS = 5;

describe('a migration that forgets an await', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('awaited');
  });
  beforeEach(async () => {
    await shard.run(
      'DROP TABLE IF EXISTS child, account',
      'CREATE TABLE account (id BIGINT PRIMARY KEY, email VARCHAR(20), n INT)',
      'CREATE TABLE child (id BIGINT PRIMARY KEY, account_id BIGINT)',
      'INSERT INTO account (id, n) VALUES (1, 1)',
    );
  });
  afterAll(() => shard.close());

  const definitions = async () => {
    const [account] = await shard.connection.query('SHOW CREATE TABLE account');
    const [child] = await shard.connection.query('SHOW CREATE TABLE child');
    const [rows] = await shard.connection.query('SELECT * FROM account');
    return JSON.stringify([account, child, rows]);
  };

  it('never reaches the shard by it, and is refused by a rule of its own', async () => {
    const before = await definitions();
    for (let run = 0; run < RUNS; run += 1) {
      const plan = await planned(shard, async (q) => {
        void q.query('ALTER TABLE account ADD COLUMN x INT');
        void q.query('UPDATE account SET n = 2');
        await Promise.resolve();
      });
      expect(plan.refusals).toMatchObject([
        { rule: 'NOT_AWAITED', flag: 'not-awaited:Planned1700000000001' },
      ]);
      expect(plan.refusals[0]?.clause).toContain('ADD COLUMN x');
    }
    await after(100);
    expect(await definitions()).toBe(before);
  });

  it('is refused where the call is one of the table API, and where it ends in time', async () => {
    const before = await definitions();
    const api = await planned(shard, async (q) => {
      void q.addColumn('account', new TableColumn({ name: 'x', type: 'int', isNullable: true }));
      await Promise.resolve();
    });
    expect(api.refusals.map(({ rule }) => rule)).toEqual(['NOT_AWAITED']);
    const inTime = await planned(shard, async (q) => {
      void q.query('ALTER TABLE account ADD COLUMN x INT');
      await q.query('ALTER TABLE account ADD COLUMN y INT');
    });
    expect(inTime.refusals.map(({ rule }) => rule)).toEqual(['NOT_AWAITED']);
    expect(await definitions()).toBe(before);
  });

  it('is refused where the call that was not awaited fails, and the process goes on', async () => {
    const plan = await planned(shard, async (q) => {
      void q.query('ALTER TABLE account ADD COLUMN x NOSUCHTYPE');
      void q.query('ALTER TABLE nothing ADD COLUMN x INT');
      void q.dropIndex('account', 'nothing');
      await Promise.resolve();
    });
    expect(plan.refusals.map(({ rule }) => rule)).toContain('NOT_AWAITED');
    expect(plan.refusals.length).toBeGreaterThan(1);
  });

  it('is refused where the call is a query builder’s or a repository’s, and fails', async () => {
    const lost: unknown[] = [];
    const note = (error: unknown) => void lost.push(error);
    process.on('unhandledRejection', note);
    const builder = await planned(shard, async (q) => {
      void q.manager.createQueryBuilder().update('nothing').set({ n: 1 }).execute();
      await Promise.resolve();
    });
    const account = new EntitySchema<{ id: number }>({
      name: 'nothing',
      columns: { id: { type: Number, primary: true } },
    });
    const repository = await planned(
      shard,
      async (q) => {
        void q.manager.getRepository<{ id: number }>('nothing').insert({ id: 1 });
        void q.manager.getRepository('nothing').createQueryBuilder().delete().execute();
        await Promise.resolve();
      },
      { entities: [account] },
    );
    await after(100);
    process.off('unhandledRejection', note);
    expect(lost).toEqual([]);
    for (const { refusals } of [builder, repository]) {
      expect(refusals.map(({ rule }) => rule)).toContain('NOT_AWAITED');
    }
  });

  it('is never answered where the call comes after its end', async () => {
    const before = await definitions();
    let late: Promise<unknown> | undefined;
    let settled = false;
    await planned(shard, async (q) => {
      setTimeout(() => {
        late = q.query('ALTER TABLE account ADD COLUMN late INT');
        late.then(
          () => (settled = true),
          () => (settled = true),
        );
      }, 50);
      await Promise.resolve();
    });
    await expect.poll(() => late !== undefined, { timeout: 5000 }).toBe(true);
    await after(100);
    expect(settled).toBe(false);
    expect(await definitions()).toBe(before);
  });

  it('is planned in the order in which it sent them, where that is allowed by name', async () => {
    const plan = await planned(
      shard,
      async (q) => {
        void q.query('ALTER TABLE account ADD COLUMN x INT');
        void q.query('ALTER TABLE account ADD COLUMN y INT AFTER x');
        await Promise.resolve();
      },
      { allow: ['not-awaited:Planned1700000000001'] },
    );
    expect(plan.refusals).toEqual([]);
    await carryOut(shard, plan);
    expect(await definitions()).toContain('`y` int');
  });

  it('does not have a later migration refused for what stands on the shard', async () => {
    const migrations = await loadMigrations([
      migrationOf('Forgets1700000000001', async (q) => {
        void q.query('ALTER TABLE account ADD COLUMN x INT');
        await Promise.resolve();
      }),
      migrationOf('Later1700000000002', (q) => q.query('ALTER TABLE child ADD COLUMN y INT')),
    ]);
    const plans = await createPlanner().plan(
      { shard: shard.name, connection: shard.connection },
      { migrations },
    );
    expect(plans.map(({ refusals }) => refusals.map(({ rule }) => rule))).toEqual([
      ['NOT_AWAITED'],
      [],
    ]);
  });
});

describe('a migration that asks several things at once', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'at_once',
      0,
      'CREATE TABLE account (id BIGINT PRIMARY KEY, email VARCHAR(20))',
      'CREATE TABLE child (id BIGINT PRIMARY KEY, account_id BIGINT)',
    );
  });
  afterAll(() => shard.close());

  it('is answered with the shard’s tables, whatever it asks beside', async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const plan = await planned(
        shard,
        async (q) => {
          const found = await Promise.all([
            q.hasTable('account'),
            q.getTable('child'),
            q.query('SELECT COUNT(*) AS n FROM account'),
            q.query('SHOW TABLES'),
            q.hasColumn('child', 'account_id'),
          ]);
          expect(found.map((one) => one !== undefined && one !== false)).not.toContain(false);
          await Promise.all([
            q.createForeignKey(
              'child',
              new TableForeignKey({
                columnNames: ['account_id'],
                referencedTableName: 'account',
                referencedColumnNames: ['id'],
              }),
            ),
            q.createIndex('account', new TableIndex({ name: 'k', columnNames: ['email'] })),
          ]);
          await q.renameColumn('account', 'email', 'mail');
        },
        { allow: ['rename-column:account.email'] },
      );
      expect(plan.refusals).toEqual([]);
      expect(plan.steps.length).toBe(3);
    }
  });
});
