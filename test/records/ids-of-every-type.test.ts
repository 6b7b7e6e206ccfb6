import { RecordFinder, Sharded } from '@switchyard/models';
import type { Locator, RecordReference } from '@switchyard/shard-context';
import { Column, Entity, PrimaryColumn, type PrimaryColumnOptions } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

interface Named {
  id: unknown;
  name: string;
}

/** An entity whose id is such a column. */
function withId(table: string, options: PrimaryColumnOptions): new () => Named {
  class Model {
    id!: unknown;
    tenantId!: string;
    name!: string;
  }
  Object.defineProperty(Model, 'name', { value: `Of${table}` });
  Entity(table)(Model);
  PrimaryColumn(options)(Model.prototype, 'id');
  Column({ type: 'varchar', length: 40 })(Model.prototype, 'tenantId');
  Column({ type: 'varchar', length: 80 })(Model.prototype, 'name');
  Sharded({ tenant: 'tenantId' })(Model);
  return Model;
}

const uuid = (bytes: Buffer) =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** Columns, and ids that stand side by side in them. */
const TYPES: Record<string, [PrimaryColumnOptions, unknown[]]> = {
  boolean: [{ type: 'boolean' }, [false, true]],
  bit: [{ type: 'bit' }, [Buffer.from([0]), Buffer.from([1])]],
  decimal: [{ type: 'decimal', precision: 10, scale: 2 }, ['5.00', '0.00', '-1.50']],
  double: [{ type: 'double' }, [0.1, 1e21, -5]],
  year: [{ type: 'year' }, [2024, 1999]],
  enum_of_digits: [{ type: 'enum', enum: ['2', '1', 'x'] }, ['1', '2', 'x']],
  time: [{ type: 'time' }, ['10:11:12', '00:00:00']],
  uuid_in_bytes: [
    {
      type: 'binary',
      length: 16,
      transformer: {
        to: (id: unknown) =>
          typeof id === 'string' ? Buffer.from(id.replaceAll('-', ''), 'hex') : id,
        from: (bytes: unknown) => (Buffer.isBuffer(bytes) ? uuid(bytes) : bytes),
      },
    },
    ['01020304-0506-7708-8900-0a0b0c0d0e0f', '01020304-0506-7708-8900-0a0b0c0d0e10'],
  ],
  prefixed_int: [
    {
      type: 'int',
      transformer: {
        to: (id: unknown) => (typeof id === 'string' ? Number(id.replace('p_', '')) : id),
        from: (id: unknown) => (typeof id === 'number' ? `p_${id}` : id),
      },
    },
    ['p_1', 'p_2'],
  ],
  bigint_as_bigint: [
    {
      type: 'bigint',
      transformer: {
        to: (id: unknown) => (typeof id === 'bigint' ? String(id) : id),
        from: (id: unknown) => (typeof id === 'string' ? BigInt(id) : id),
      },
    },
    [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  ],
  text: [
    { type: 'varchar', length: 80, charset: 'utf8mb4', collation: 'utf8mb4_bin' },
    [
      'a/b',
      'a%2Fb',
      '😀',
      'é',
      'e\u0301',
      '.',
      '..',
      'a?b=c&d#e',
      ' a',
      '\\',
      "'",
      '\0',
      '%',
      '1e2',
    ],
  ],
};

/** Row `(2, true)` beside `(2, false)`. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Flag {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @PrimaryColumn({ type: 'boolean' }) live!: boolean;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
}

const MODELS = new Map(
  Object.entries(TYPES).map(([name, [options]]) => [name, withId(name, options)]),
);
const directory: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) => Promise.resolve({ tenant, shard: 'us1', epoch: 1, state: 'active' }),
};

const statements: string[] = [];
const logger = {
  logQuery: (sql: string) => void statements.push(sql),
  logQueryError() {},
  logQuerySlow() {},
  logSchemaBuild() {},
  logMigration() {},
  log() {},
};

let fleet: Fleet;
let finder: RecordFinder;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [...MODELS.values(), Flag],
    tenants: { us1: ['t_1'], us2: ['t_3'] },
    dataSource: { logging: ['query'], logger },
  });
  finder = new RecordFinder(fleet.dataSource, directory);
});
beforeEach(() => fleet.rows('us1', 'DELETE FROM flag'));
afterAll(() => fleet?.stop());

const asT1 = <T>(work: () => T): T => fleet.onTenant('us1', 't_1', work);
const reference = (model: string, ...id: string[]): RecordReference => ({
  model,
  id,
  shard: 'us1',
  tenant: 't_1',
});

describe('records whose ids are of every type', () => {
  it.each(Object.entries(TYPES))('are named and found each: %s', async (type, [, ids]) => {
    const repository = fleet.dataSource.getRepository(MODELS.get(type)!);
    for (const [i, id] of ids.entries()) {
      await asT1(() => repository.insert({ id, name: `row ${i}` } as never));
    }
    const records = await asT1(() => repository.find());
    expect(records).toHaveLength(ids.length);
    const names = records.map(({ name }) => ({ outcome: 'found', record: { name } }));
    const references = records.map((record) => finder.referenceOf(record));
    expect(await finder.locateMany(references)).toMatchObject(names);
    const nobodys = references.map(({ model, id, shard }) => ({ model, id, shard }));
    expect(await finder.locateMany(nobodys)).toMatchObject(names);
    for (const [i, one] of references.entries()) {
      expect(await finder.locate(one), one.id.join()).toMatchObject(names[i]!);
    }
  });

  it('are not taken for another of whose id a boolean is a part', async () => {
    const flags = fleet.dataSource.getRepository(Flag);
    await asT1(() => flags.insert({ id: 1, live: false, name: 'off' }));
    expect(await finder.locate(reference('Flag', '1', 'true'))).toEqual({ outcome: 'gone' });
    await asT1(() => flags.insert({ id: 1, live: true, name: 'on' }));
    const found = await finder.locateMany([
      reference('Flag', '1', 'true'),
      reference('Flag', '1', 'false'),
    ]);
    expect(found).toMatchObject([{ record: { name: 'on' } }, { record: { name: 'off' } }]);
  });

  it.each([
    ['decimal', '5abc'],
    ['decimal', ''],
    ['double', 'abc'],
    ['boolean', '2'],
    ['bit', 'zz'],
  ])('are misrouted where the id is no value of the column: %s, %j', async (type, id) => {
    expect(await finder.locate(reference(`Of${type}`, id))).toMatchObject({ outcome: 'misrouted' });
  });
});

it.each([
  ['bigint_as_bigint', (i: number) => [String(i)]],
  ['prefixed_int', (i: number) => [`p_${i}`]],
  ['flag', (i: number) => [String(i), 'false']],
])('two thousand ids of %s are one comparison', async (table, idAt) => {
  const model = table === 'flag' ? 'Flag' : `Of${table}`;
  const references = Array.from({ length: 2000 }, (_, i) => reference(model, ...idAt(i + 10)));
  statements.length = 0;
  const found = await finder.locateMany(references);
  expect(new Set(found.map(({ outcome }) => outcome))).toEqual(new Set(['gone']));
  const asked = statements.filter((sql) => sql.includes(`FROM \`${table}\``));
  expect(asked).toHaveLength(1);
  expect(asked[0]).not.toContain(' OR '); // which TypeORM takes seconds to build
});
