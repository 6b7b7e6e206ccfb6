import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  EntitySchema,
  Table,
  TableColumn,
  TableForeignKey,
  TableIndex,
  TableUnique,
} from 'typeorm';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const LARGE = { policy: { smallTableRows: 0 } };

const account = new EntitySchema<{ id: number; email: string }>({
  name: 'account',
  columns: { id: { type: Number, primary: true, generated: true }, email: { type: String } },
});

describe('a migration as teams write it', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('written');
  });
  beforeEach(async () => {
    await shard.run(
      'DROP VIEW IF EXISTS v',
      'DROP TABLE IF EXISTS audit, child, account',
      `CREATE TABLE account (id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(20) NOT NULL,
         plan VARCHAR(10) NULL, n INT NOT NULL DEFAULT 0, KEY k_email (email))`,
      "INSERT INTO account (id, email) VALUES (1, 'one@example.com'), (2, 'two@example.com')",
    );
  });
  afterAll(() => shard.close());

  it('uses the table API of TypeORM', async () => {
    const plan = await planned(
      shard,
      async (q) => {
        await q.addColumn(
          'account',
          new TableColumn({ name: 'note', type: 'text', isNullable: true }),
        );
        await q.createIndex('account', new TableIndex({ name: 'k_n', columnNames: ['n'] }));
        await q.createTable(
          new Table({
            name: 'audit',
            columns: [
              {
                name: 'id',
                type: 'bigint',
                isPrimary: true,
                isGenerated: true,
                generationStrategy: 'increment',
              },
              { name: 'account_id', type: 'bigint' },
            ],
            indices: [{ columnNames: ['account_id'] }],
          }),
        );
        await q.createForeignKey(
          'audit',
          new TableForeignKey({
            columnNames: ['account_id'],
            referencedTableName: 'account',
            referencedColumnNames: ['id'],
          }),
        );
        await q.renameColumn('account', 'plan', 'tier');
        await q.dropIndex('account', 'k_email');
      },
      { ...LARGE, allow: ['rename-column:account.plan'] },
    );
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map(({ table, path }) => `${table} ${path}`)).toEqual([
      'account instant',
      'account inplace',
      'audit create',
      'audit copy',
      'account instant',
      'account inplace',
    ]);
    await carryOut(shard, plan);
  });

  it('sees the shard’s own tables in getTable, hasTable and hasColumn', async () => {
    await shard.run('CREATE TABLE child (id INT PRIMARY KEY)');
    const seen: unknown[] = [];
    await planned(shard, async (q) => {
      seen.push(await q.hasTable('child'), await q.hasTable('nothing'));
      seen.push(await q.hasColumn('account', 'plan'), await q.hasColumn('account', 'nothing'));
      const table = await q.getTable('account');
      seen.push(
        table?.columns.map((column) => column.name).sort(),
        table?.indices.map((i) => i.name),
      );
      seen.push((await q.query('SHOW TABLES')).length);
    });
    expect(seen).toEqual([true, false, true, false, ['email', 'id', 'n', 'plan'], ['k_email'], 2]);
  });

  it('is refused where it names the shard’s own database, wherever that stands', async () => {
    const own = shard.database.name;
    for (const sql of [
      `CREATE TRIGGER g BEFORE INSERT ON account FOR EACH ROW SET NEW.n = ${own}.f(1)`,
      `CREATE VIEW v AS SELECT \`${own}\`.f(id) AS x FROM account`,
      `UPDATE account SET n = ${own}.account.n + 1`,
      `CREATE TRIGGER g BEFORE INSERT ON account FOR EACH ROW DELETE FROM elsewhere.log`,
    ]) {
      const { refusals, steps } = await planned(shard, sql);
      expect([sql, refusals.map(({ rule }) => rule), steps]).toEqual([sql, ['OTHER_DATABASE'], []]);
    }
    const alias = await planned(shard, `UPDATE account AS ${own} SET ${own}.n = 1`);
    expect(alias.refusals).toEqual([]);
  });

  it('sees what it did itself', async () => {
    const plan = await planned(shard, async (q) => {
      await q.query('ALTER TABLE account ADD COLUMN x INT');
      if (await q.hasColumn('account', 'x')) await q.query('CREATE INDEX k_x ON account (x)');
    });
    expect(plan.steps.map((step) => step.path)).toEqual(['instant', 'inplace']);
  });

  it('changes a column’s length through TypeORM without losing its data', async () => {
    const plan = await planned(shard, (q) =>
      q.changeColumn(
        'account',
        'plan',
        new TableColumn({ name: 'plan', type: 'varchar', length: '40', isNullable: true }),
      ),
    );
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.clause)).toEqual([
      'MODIFY COLUMN `plan` varchar(40) NULL',
    ]);
    await shard.run("UPDATE account SET plan = 'gold'");
    await carryOut(shard, plan);
    const [rows] = await shard.connection.query('SELECT DISTINCT plan FROM account');
    expect(rows).toEqual([{ plan: 'gold' }]);
  });

  it('is rewritten where migration:generate drops a column and adds it again', async () => {
    const generated = [
      'ALTER TABLE `account` DROP COLUMN `plan`',
      'ALTER TABLE `account` ADD `plan` varchar(20) NULL',
    ];
    const plan = await planned(shard, generated, LARGE);
    expect(plan.steps.map((step) => step.clause)).toEqual([
      'MODIFY COLUMN `plan` varchar(20) NULL',
    ]);
    const inOne = 'ALTER TABLE account DROP COLUMN plan, ADD COLUMN plan VARCHAR(20) NULL';
    expect((await planned(shard, inOne, LARGE)).steps.map((step) => step.clause)).toEqual([
      'MODIFY COLUMN `plan` VARCHAR(20) NULL',
    ]);
  });

  it('is left as it is where the column’s data are to go', async () => {
    const generated = [
      'ALTER TABLE account DROP COLUMN plan',
      'ALTER TABLE account ADD plan INT NULL',
    ];
    const allow = ['replace-column:account.plan', 'drop-column:account.plan'];
    const plan = await planned(shard, generated, { ...LARGE, allow });
    expect(plan.steps.map((step) => step.clause)).toEqual([
      'DROP COLUMN plan',
      'ADD plan INT NULL',
    ]);
  });

  it('may open transactions and turn foreign key checks off around its statements', async () => {
    const plan = await planned(shard, async (q) => {
      await q.startTransaction();
      await q.query('SET FOREIGN_KEY_CHECKS = 0');
      await q.query('ALTER TABLE account ADD COLUMN x INT');
      await q.query('SET FOREIGN_KEY_CHECKS = 1');
      await q.commitTransaction();
    });
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.clause)).toEqual(['ADD COLUMN x INT']);
  });

  it('changes few rows in a step of its own, shown as such', async () => {
    const plan = await planned(
      shard,
      async (q) => {
        await q.query('UPDATE account SET plan = ? WHERE n = ?', ['free', 0]);
        await q.manager.getRepository(account).insert({ email: 'three@example.com' });
      },
      { entities: [account] },
    );
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => [step.path, step.verify.kind])).toEqual([
      ['data', 'transaction'],
      ['data', 'transaction'],
    ]);
    expect(plan.steps[0]?.parameters).toEqual(['free', 0]);
    await carryOut(shard, plan);
    const [rows] = await shard.connection.query('SELECT id, email FROM account WHERE id > 2');
    expect(rows).toEqual([{ id: 3, email: 'three@example.com' }]);
  });

  it('is refused where it would change many rows in one transaction', async () => {
    const plan = await planned(shard, 'UPDATE account SET n = 1', { policy: { dataRows: 1 } });
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['DATA_TOO_LARGE']);
    expect(plan.refusals[0]?.remedy).toContain('in ranges of the primary key');
  });

  it('is recorded per shard where it reads rows, and its reads cannot write', async () => {
    const plan = await planned(shard, async (q) => {
      const rows: { id: string }[] = await q.query('SELECT id FROM account ORDER BY id');
      for (const { id } of rows) await q.query('UPDATE account SET n = ? WHERE id = ?', [1, id]);
    });
    expect(plan.steps.map((step) => [step.readsData, step.parameters])).toEqual([
      [true, [1, '1']], // as TypeORM reads a BIGINT
      [true, [1, '2']],
    ]);
    const writing = await planned(shard, (q) => q.query('SELECT * FROM account FOR UPDATE'));
    expect(writing.refusals.map((refusal) => refusal.reason)).toEqual([
      expect.stringMatching(/read only/i),
    ]);
  });

  it.each([
    [
      'reads what it changed before',
      async (q: Q) => {
        await q.query('UPDATE account SET n = 1');
        await q.query('SELECT SUM(n) FROM account');
      },
    ],
    [
      'uses the id of a row that it inserts',
      async (q: Q) => {
        const { insertId } = await q.query("INSERT INTO account (email) VALUES ('x')");
        await q.query('UPDATE account SET n = 1 WHERE id = ?', [insertId]);
      },
    ],
    [
      'goes past the query runner',
      async (q: Q) => {
        const connection = await q.connect();
        await connection.query('ALTER TABLE account ADD COLUMN x INT');
      },
    ],
    [
      'throws',
      async () => {
        throw new RangeError('not today');
      },
    ],
  ])('is refused where it %s', async (_what, up) => {
    const plan = await planned(shard, up);
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['NOT_PLANNABLE']);
  });

  it.each([
    ['names a database', 'ALTER TABLE `elsewhere`.`account` ADD x INT', 'OTHER_DATABASE'],
    ['is not SQL', 'ALTAR TABLE account', 'UNREADABLE'],
    ['changes the session', "SET SESSION sql_mode = ''", 'UNREADABLE'],
    ['locks tables', 'LOCK TABLES account WRITE', 'UNREADABLE'],
    ['is two statements', 'UPDATE account SET n = 1; UPDATE account SET n = 2', 'UNREADABLE'],
    [
      'copies rows while it makes a table',
      'CREATE TABLE audit AS SELECT * FROM account',
      'UNREADABLE',
    ],
    [
      'is written to run in batches',
      'UPDATE account SET n = 1 WHERE n = 0 LIMIT 100',
      'DATA_IN_BATCHES',
    ],
    ['names a column that is not there', 'CREATE INDEX k ON account (nothing)', 'NOT_PLANNABLE'],
    [
      'is an update of a column that is not there',
      'UPDATE account SET nothing = 1',
      'NOT_PLANNABLE',
    ],
  ])('is refused where a statement %s', async (_what, sql, rule) => {
    const plan = await planned(shard, sql);
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual([rule]);
  });

  it('may expect a statement to fail', async () => {
    const plan = await planned(shard, async (q) => {
      await q.query('CREATE INDEX k ON account (nothing)').catch(() => undefined);
      await q.query('ALTER TABLE account ADD COLUMN x INT');
    });
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.clause)).toEqual(['ADD COLUMN x INT']);
  });

  it('copies tables that it made itself without asking how many rows they have', async () => {
    const plan = await planned(
      shard,
      ['CREATE TABLE audit (id INT PRIMARY KEY)', 'ALTER TABLE audit MODIFY id BIGINT NOT NULL'],
      LARGE,
    );
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => [step.path, step.checks])).toEqual([
      ['create', []],
      ['copy', []],
    ]);
  });

  it('makes and drops views and triggers', async () => {
    const plan = await planned(shard, [
      'CREATE VIEW v AS SELECT id FROM account',
      'CREATE TRIGGER g BEFORE INSERT ON account FOR EACH ROW SET NEW.n = 1',
    ]);
    await carryOut(shard, plan);
    const again = await planned(shard, [
      'CREATE VIEW v AS SELECT id FROM account',
      'DROP TRIGGER g',
    ]);
    expect(again.steps.map((step) => step.path)).toEqual(['already-there', 'other']);
    await carryOut(shard, again);
  });

  it('keeps its unique constraints', async () => {
    const plan = await planned(shard, (q) =>
      q
        .createUniqueConstraint('account', new TableUnique({ name: 'u', columnNames: ['email'] }))
        .catch(() =>
          q.createIndex(
            'account',
            new TableIndex({ name: 'u', columnNames: ['email'], isUnique: true }),
          ),
        ),
    );
    expect(plan.steps.map((step) => step.path)).toEqual(['inplace']);
  });
});

type Q = Parameters<Extract<Parameters<typeof planned>[1], (...args: never[]) => unknown>>[0];
