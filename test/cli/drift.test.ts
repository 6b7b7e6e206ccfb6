import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EntitySchema, type EntitySchemaOptions } from 'typeorm';
import type { ShardDrift } from '@switchyard/migrator';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

const ODD = 'us2';

describe('switchyard drift', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'us3'], servers: 1 });
    await fleet.run(['prepare']);
    await fleet.migration('First', 1790000000000, [
      'CREATE TABLE account (id BIGINT PRIMARY KEY, name VARCHAR(100) NOT NULL, age INT NULL)',
      'CREATE TABLE item (id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, kind INT NOT NULL, ' +
        'KEY by_kind (kind), CONSTRAINT of_account FOREIGN KEY (account_id) REFERENCES account (id))',
      'CREATE TABLE note (id BIGINT PRIMARY KEY)',
    ]);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.everywhere("INSERT INTO account VALUES (1, 'a', 1)");
  });
  afterAll(() => fleet.stop());

  const drifts = async (...args: string[]) => {
    const { code, events } = await fleet.json(['drift', ...args]);
    const all = events.filter(({ event }) => event === 'shard-drift') as unknown as ShardDrift[];
    return { code, of: (shard: string) => all.find((one) => one.shard === shard), all };
  };

  it('finds nothing where definitions mean the same, whatever their texts are', async () => {
    await fleet.rows(ODD, 'ALTER TABLE item AUTO_INCREMENT = 77');
    await fleet.rows(ODD, 'ALTER TABLE item DROP KEY by_kind, ADD KEY by_kind (kind) USING BTREE');
    const { code, all } = await drifts();
    expect(all.map(({ state }) => state)).toEqual(['same', 'same', 'same']);
    expect(code).toBe(0);
  });

  it('names the odd one, table, column and difference, and the plan does too', async () => {
    const changes = [
      'ALTER TABLE account MODIFY name VARCHAR(50) NOT NULL, DROP COLUMN age, ADD stray INT NULL',
      'ALTER TABLE item DROP FOREIGN KEY of_account, DROP KEY by_kind, ADD KEY by_both (kind, id)',
      'DROP TABLE note',
      "CREATE TABLE extra (id INT PRIMARY KEY, v VARCHAR(9)) COMMENT 'mine'",
    ];
    for (const sql of changes) await fleet.rows(ODD, sql);
    const { code, of } = await drifts();
    expect(code).toBe(1);
    expect([of('us1')?.state, of('us3')?.state]).toEqual(['same', 'same']);
    expect(of(ODD)).toMatchObject({ state: 'different', sibling: 'us1' });
    const found = of(ODD)!.differences.map(({ table, what, name }) =>
      [table, what, name].join(' '),
    );
    expect(found.sort()).toEqual(
      [
        'account column age',
        'account column name',
        'account column stray',
        'extra table ',
        'item key by_both',
        'item key by_kind',
        'item key of_account',
        'note table ',
      ].sort(),
    );
    const { out } = await fleet.run(['drift']);
    expect(out).toContain('account.age is missing');
    expect(out).toContain('table extra is here only');
    await fleet.migration('Next', 1790000000001, ['ALTER TABLE account ADD nick VARCHAR(9) NULL']);
    const planned = await fleet.json(['plan']);
    expect(planned.code).toBe(3);
    const refusals = planned.events.find(({ shard, plans }) => shard === ODD && plans)?.[
      'refusals'
    ];
    expect(refusals).toMatchObject([
      { rule: 'DRIFT', table: 'account', reason: expect.stringMatching(/account\.name is .*50/) },
    ]);
  });

  it('prints statements that make it like its siblings', async () => {
    const { of } = await drifts('--only', ODD);
    for (const sql of of(ODD)!.repair) await fleet.rows(ODD, sql);
    const after = await drifts();
    expect(after.all.map(({ state, differences }) => [state, differences])).toEqual(
      Array(3).fill(['same', []]),
    );
    expect(await fleet.columns(ODD, 'account')).toEqual(['id', 'name', 'age']);
    expect((await fleet.run(['plan'])).code).toBe(0);
  });

  it('decides nothing where no schema is that of most, and compares only shards of one ledger', async () => {
    await fleet.rows('us1', 'ALTER TABLE note ADD a INT NULL');
    await fleet.rows(ODD, 'ALTER TABLE note ADD b INT NULL');
    const { code, all } = await drifts();
    expect([code, ...all.map(({ state }) => state)]).toEqual([
      1,
      ...['undecided', 'undecided', 'undecided'],
    ]);
    await fleet.rows('us1', 'ALTER TABLE note DROP COLUMN a');
    await fleet.rows(ODD, 'ALTER TABLE note DROP COLUMN b');
    expect((await fleet.run(['migrate', '--only', 'us3'])).code).toBe(0);
    const apart = await drifts();
    expect(apart.all.map(({ state }) => state)).toEqual(['same', 'same', 'alone']);
  });

  it('says what TypeORM would send for the entities, and sends none of it', async () => {
    const note = (columns: EntitySchemaOptions<unknown>['columns']) =>
      new EntitySchema({
        name: 'Note',
        tableName: 'note',
        columns: { id: { type: 'bigint', primary: true }, ...columns },
      });
    fleet.entities = [note({})];
    const asDeclared = await drifts();
    expect(asDeclared.of('us1')?.entities).toEqual([]);
    fleet.entities = [note({ label: { type: 'varchar', length: 40, nullable: true } })];
    const { code, of } = await drifts();
    expect(code).toBe(1);
    expect(of('us1')?.entities).toEqual([expect.stringMatching(/ALTER TABLE `note` ADD `label`/)]);
    expect(await fleet.columns('us1', 'note')).toEqual(['id']);
    expect((await fleet.run(['drift'])).out).toContain('to be like the entities');
  });
});
