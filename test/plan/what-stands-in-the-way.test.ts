import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Table, TableColumn, View } from 'typeorm';
import {
  carryOut,
  connectTo,
  planned,
  planningShard,
  type PlanningShard,
} from './planning-shard.ts';

const ADD = 'ALTER TABLE account ADD COLUMN x INT';

describe('planning on a shard in use', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('use');
  });
  beforeEach(() =>
    shard.run(
      'DROP VIEW IF EXISTS shown',
      'DROP TABLE IF EXISTS child, account, typeorm_metadata, computed',
      'CREATE TABLE account (id INT PRIMARY KEY, a INT NULL)',
      'CREATE TABLE child (id INT PRIMARY KEY, p INT, CONSTRAINT f FOREIGN KEY (p) REFERENCES account (id))',
      'INSERT INTO account VALUES (1, 1), (2, 2)',
    ),
  );
  afterAll(() => shard.close());

  it('names transactions that have a table open, and does not wait for them', async () => {
    const other = await connectTo(shard.database);
    await other.query('START TRANSACTION');
    await other.query('UPDATE account SET a = 3 WHERE id = 1');
    await other.query('DO SLEEP(1.1)');
    const plan = await planned(shard, ADD);
    await other.query('ROLLBACK');
    expect(plan.blockers.map(({ kind, table }) => [kind, table])).toEqual([
      ['transaction', 'account'],
    ]);
    expect(plan.refusals).toEqual([]);
    // InnoDB answers who is open from a copy, renewed when no one has read it for 0.1 s: another
    // test's plans on this server can keep it old for a while.
    const blockers = async () => (await planned(shard, ADD)).blockers;
    await expect.poll(blockers, { interval: 250, timeout: 10_000 }).toEqual([]);
    await other.end();
  });

  it('refuses what could not be counted in time, until that is allowed by name', async () => {
    await shard.run(
      'CREATE TABLE big (id INT PRIMARY KEY, a INT)',
      'INSERT INTO big VALUES (0, 0)',
    );
    for (let rows = 1; rows < 60_000; rows *= 2) {
      await shard.run(`INSERT INTO big SELECT id + ${rows}, a + ${rows} FROM big`);
    }
    const sql = 'ALTER TABLE big ADD UNIQUE INDEX u (a)';
    const policy = { probeSeconds: 0.001 };
    const refused = await planned(shard, sql, { policy });
    const allowed = await planned(shard, sql, { policy, allow: ['unchecked:big'] });
    const inTime = await planned(shard, sql);
    await shard.run('DROP TABLE big');
    expect(refused.refusals.map(({ rule, flag }) => [rule, flag])).toEqual([
      ['NOT_CHECKED', 'unchecked:big'],
    ]);
    expect([...allowed.refusals, ...inTime.refusals]).toEqual([]);
  });

  it('tries and sends statements with foreign key checks as the migration has them', async () => {
    const off = 'SET FOREIGN_KEY_CHECKS = 0';
    const rest = [
      'DROP TABLE account',
      'SET FOREIGN_KEY_CHECKS = 1',
      'CREATE INDEX k ON child (id, p)',
    ];
    const allow = ['drop-table:account'];
    expect((await planned(shard, rest, { allow })).refusals).toHaveLength(1);
    const plan = await planned(shard, [off, ...rest], { allow });
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map(({ session }) => session)).toEqual([{ foreign_key_checks: 0 }, {}]);
  });

  it('keeps what TypeORM notes of views and generated columns, under the shard’s own name', async () => {
    const plan = await planned(shard, async (q) => {
      await q.createView(new View({ name: 'shown', expression: 'SELECT id FROM account' }), true);
      await q.createTable(
        new Table({
          name: 'computed',
          columns: [
            new TableColumn({ name: 'id', type: 'int', isPrimary: true }),
            new TableColumn({
              name: 'twice',
              type: 'int',
              generatedType: 'STORED',
              asExpression: 'id * 2',
            }),
          ],
        }),
      );
    });
    expect(plan.refusals).toEqual([]);
    await carryOut(shard, plan);
    const [noted] = await shard.connection.query(
      'SELECT DISTINCT `schema` AS place FROM typeorm_metadata WHERE `schema` IS NOT NULL',
    );
    expect(noted).toEqual([{ place: shard.database.name }]);
  });

  it('may be killed at any time: the shard is as it was', async () => {
    const [before] = await shard.connection.query('SHOW CREATE TABLE account');
    const { host, port, user, password } = shard.database.server;
    const address = { host, port, user, password, database: shard.database.name };
    for (const afterMs of [50, 333]) {
      const child = spawn(
        process.execPath,
        [
          '--conditions=source',
          '--import=tsx',
          'test/plan/plan-forever.ts',
          JSON.stringify(address),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const [after] = await shard.connection.query('SHOW CREATE TABLE account');
    expect(after).toEqual(before);
    expect((await planned(shard, ADD)).steps.map(({ path }) => path)).toEqual(['instant']);
  });
});
