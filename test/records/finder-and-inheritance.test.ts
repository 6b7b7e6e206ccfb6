import { RecordFinder, Sharded } from '@switchyard/models';
import type { LocatedRecord, Locator } from '@switchyard/shard-context';
import { ChildEntity, Column, Entity, PrimaryColumn, TableInheritance } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
@TableInheritance({ column: { type: 'varchar', length: 20, name: 'kind' } })
class Content {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}
@ChildEntity()
class Photo extends Content {
  @Column({ type: 'int', nullable: true }) size!: number;
}
@ChildEntity()
class Question extends Content {
  @Column({ type: 'int', nullable: true }) answers!: number;
}

const HOMES: Record<string, string> = { t_1: 'us1', t_2: 'us2' };
const directory: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) =>
    Promise.resolve({ tenant, shard: HOMES[tenant] ?? '', epoch: 1, state: 'active' }),
};

let fleet: Fleet;
let finder: RecordFinder;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Content, Photo, Question],
    tenants: { us1: ['t_1'], us2: ['t_2'] },
  });
  finder = new RecordFinder(fleet.dataSource, directory);
  // On both shards the same ids, and each of them another kind on the other one.
  const insert = 'INSERT INTO content (id, tenantId, kind, size, answers) VALUES (?, ?, ?, ?, ?)';
  await fleet.rows('us1', insert, [1, 't_1', 'Photo', 11, null]);
  await fleet.rows('us1', insert, [2, 't_1', 'Question', null, 12]);
  await fleet.rows('us2', insert, [1, 't_2', 'Question', null, 21]);
  await fleet.rows('us2', insert, [2, 't_2', 'Photo', 22, null]);
});
afterAll(() => fleet?.stop());

const kindOf = (one: LocatedRecord) =>
  one.outcome === 'found' ? one.record.constructor.name : one.outcome;

it.each([
  ['Content', 't_1', ['Photo', 'Question']],
  ['Content', 't_2', ['Question', 'Photo']],
  ['Photo', 't_1', ['Photo', 'gone']],
  ['Photo', 't_2', ['gone', 'Photo']],
  ['Question', 't_1', ['gone', 'Question']],
])(
  'a reference to %s of %s finds each row as what it is, and no row of another kind',
  async (model, tenant, kinds) => {
    const shard = HOMES[tenant]!;
    const named = ['1', '2'].map((id) => ({ model, id: [id], shard, tenant }));
    expect((await finder.locateMany(named)).map(kindOf)).toEqual(kinds);
    const unnamed = named.map(({ tenant: _, ...reference }) => reference);
    expect((await finder.locateMany(unnamed)).map(kindOf)).toEqual(kinds);
  },
);

it('a record that was loaded by the type above is named by its own, and found by it', async () => {
  const records = await fleet.onTenant('us1', 't_1', () =>
    fleet.dataSource.manager.find(Content, { order: { id: 'ASC' } }),
  );
  const references = records.map((record) => finder.referenceOf(record));
  expect(references.map(({ model }) => model)).toEqual(['Photo', 'Question']);
  const found = await finder.locateMany(references);
  expect(found).toEqual(records.map((record) => ({ outcome: 'found', record })));
});
