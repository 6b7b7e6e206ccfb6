import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const LARGE = { policy: { smallTableRows: 0 } };

describe('a table whose definition can be written in several ways', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('meaning');
  });
  afterAll(() => shard.close());

  const paths = async (sql: string | readonly string[], options = {}) => {
    const plan = await planned(shard, sql, { ...LARGE, ...options });
    return [plan.refusals.map(({ rule }) => rule), plan.steps.map(({ path }) => path)];
  };

  it.each(['utf8mb4_unicode_ci', 'utf8mb4_general_ci', 'utf8mb4_bin', 'latin1_general_ci'])(
    'is planned where its columns inherit %s',
    async (collation) => {
      const table = `t_${collation}`;
      await shard.run(
        `CREATE TABLE ${table} (id BIGINT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20), e ENUM('x','y'),
           n TEXT) COLLATE ${collation}`,
        `INSERT INTO ${table} (a) VALUES ('a')`,
      );
      expect(await paths(`ALTER TABLE ${table} ADD INDEX k (a)`)).toEqual([[], ['inplace']]);
      expect(await paths(`ALTER TABLE ${table} ADD COLUMN b VARCHAR(9) NULL`)).toEqual([
        [],
        ['instant'],
      ]);
      // What is there already is recognised, though the server writes it otherwise.
      expect(await paths(`ALTER TABLE ${table} ADD COLUMN a VARCHAR(20)`)).toEqual([
        [],
        ['already-there'],
      ]);
    },
  );

  it('is compared with what the step left there, inherited collation or not', async () => {
    await shard.run(
      'CREATE TABLE held (id INT PRIMARY KEY, a VARCHAR(9)) COLLATE utf8mb4_unicode_ci',
    );
    const plan = await planned(shard, 'ALTER TABLE held ADD COLUMN b VARCHAR(9)', LARGE);
    await carryOut(shard, plan);
    const { outcomeOf } = await import('@switchyard/migrator/internal');
    expect(await outcomeOf(shard.connection, plan.steps[0]!)).toBe('done');
  });

  it.each(['RESTRICT', 'NO ACTION', 'CASCADE', 'SET NULL'])(
    'gets a foreign key with ON DELETE %s',
    async (action) => {
      await shard.run(
        'DROP TABLE IF EXISTS child, parent',
        'CREATE TABLE parent (id INT PRIMARY KEY)',
        'CREATE TABLE child (id INT PRIMARY KEY, parent_id INT, KEY (parent_id))',
      );
      const sql = `ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (parent_id) REFERENCES parent (id)
        ON DELETE ${action} ON UPDATE ${action}`;
      const plan = await planned(shard, sql, LARGE);
      expect(plan.refusals).toEqual([]);
      await carryOut(shard, plan);
      expect(await paths(sql)).toEqual([[], ['already-there']]);
    },
  );

  it('is never one of Switchyard’s own, also where a migration looks at all tables', async () => {
    await shard.run(
      'CREATE TABLE IF NOT EXISTS shard_lease (id INT PRIMARY KEY, a VARCHAR(9) COLLATE utf8mb4_bin)',
    );
    let seen: unknown;
    const plan = await planned(shard, async (q) => {
      seen = await q.query('SHOW TABLES');
      await q.query('ALTER TABLE held ADD COLUMN c INT');
    });
    expect(plan.refusals).toEqual([]);
    expect(JSON.stringify(seen)).not.toContain('shard_lease');
    await shard.run('DROP TABLE shard_lease');
  });

  it('has an ENUM with a backslash, a quote and a comma in its values', async () => {
    await shard.run(
      `CREATE TABLE choices (id INT PRIMARY KEY, e ENUM('a\\\\b', 'it''s', 'x,y)') NOT NULL)`,
      `INSERT INTO choices VALUES (1, 'a\\\\b'), (2, 'it''s'), (3, 'x,y)')`,
    );
    const more = `ALTER TABLE choices MODIFY e ENUM('a\\\\b', 'it''s', 'x,y)', 'new') NOT NULL`;
    expect(await paths(more)).toEqual([[], ['instant']]);
    const less = `ALTER TABLE choices MODIFY e ENUM('it''s', 'x,y)') NOT NULL`;
    expect((await paths(less))[0]).toContain('NARROWING');
  });

  it('has comments that look like parts of a definition', async () => {
    await shard.run(
      `CREATE TABLE told (id INT AUTO_INCREMENT PRIMARY KEY COMMENT 'AUTO_INCREMENT=5, KEY \`k\` (\`id\`)',
         a INT) COMMENT ') ENGINE=MyISAM AUTO_INCREMENT=9'`,
      'INSERT INTO told (a) VALUES (1)',
    );
    expect(await paths('ALTER TABLE told ADD INDEX k (a)')).toEqual([[], ['inplace']]);
    const plan = await planned(shard, 'ALTER TABLE told ADD COLUMN b INT', LARGE);
    await shard.run('INSERT INTO told (a) VALUES (2)');
    const { stillHolds } = await import('@switchyard/migrator/internal');
    expect(await stillHolds(shard.connection, plan.steps[0]!)).toBe(true);
  });

  it('has partitions and a counter that goes on', async () => {
    await shard.run(
      `CREATE TABLE parted (id INT AUTO_INCREMENT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2`,
      'INSERT INTO parted VALUES (NULL)',
    );
    const plan = await planned(shard, 'ALTER TABLE parted ADD COLUMN b INT', LARGE);
    await shard.run('INSERT INTO parted VALUES (NULL)');
    const { stillHolds } = await import('@switchyard/migrator/internal');
    expect(await stillHolds(shard.connection, plan.steps[0]!)).toBe(true);
  });

  it('draws from a sequence and has columns of types that only MariaDB has', async (ctx) => {
    if (shard.engine !== 'mariadb') return ctx.skip('MySQL has no sequences and no INET4');
    await shard.run(
      'CREATE SEQUENCE numbers START WITH 5',
      'CREATE TABLE drawn (id INT DEFAULT nextval(numbers), a INET4, b UUID)',
    );
    expect(await paths('ALTER TABLE drawn ADD COLUMN c INET4 NULL')).toEqual([[], ['instant']]);
    expect(await paths('ALTER TABLE drawn MODIFY a VARCHAR(9)')).toEqual([
      ['TYPE_CHANGE'],
      ['copy'],
    ]);
  });
});
