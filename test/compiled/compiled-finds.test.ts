import fc from 'fast-check';
import {
  Equal,
  In,
  IsNull,
  LessThan,
  LessThanOrEqual,
  MoreThan,
  MoreThanOrEqual,
  Not,
  type DataSource,
  type FindManyOptions,
  type FindOptionsWhere,
  type ObjectLiteral,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShardedDataSource } from '@switchyard/models';
import type { Fleet } from '../support/fleet/index.ts';
import { onBoth, PLACES, startPlaces } from '../typeorm/house.ts';
import { KINDS, rowsOf } from './everything.ts';

/** Random calls per entity; FAST_PATH_RUNS sets more. */
const RUNS = Number(process.env['FAST_PATH_RUNS'] ?? 400);
const SEED = Number(process.env['FAST_PATH_SEED'] ?? Date.now() % 1_000_000);

let fleet: Fleet;
let fast: ShardedDataSource;
let typeorm: ShardedDataSource;

beforeAll(async () => {
  fleet = await startPlaces(KINDS.map(({ entity }) => entity));
  fast = fleet.dataSource;
  typeorm = await fleet.open({ fastPath: false });
  for (const [shard, tenant] of PLACES) {
    for (const { table, types } of KINDS) {
      for (const row of rowsOf(types, tenant)) {
        const names = Object.keys(row).map((name) => `\`${name}\``);
        const marks = names.map(() => '?');
        await fleet.rows(
          shard,
          `INSERT INTO ${table} (${names.join()}) VALUES (${marks.join()})`,
          Object.values(row),
        );
      }
    }
  }
});
afterAll(() => fleet.stop());

/** What a call gave, with all that an application could notice. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return described(await call());
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { name, message, code };
  }
}

function described(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(described);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  return { prototype, entries: Object.entries(value) };
}

function same(call: (dataSource: DataSource) => Promise<unknown>): Promise<unknown> {
  return onBoth(fleet, async () => {
    const [ours, theirs] = [await outcome(() => call(fast)), await outcome(() => call(typeorm))];
    expect(ours).toStrictEqual(theirs);
    return ours;
  });
}

const compiled = () => fast.fastPathCounts.compiled;

it('leave calls to TypeORM where it was asked for, and say how many', async () => {
  const before = fast.fastPathCounts.fellThrough.get('option relations') ?? 0;
  await same((source) => source.getRepository(KINDS[0].entity).find({ relations: {} }));
  expect(fast.fastPathCounts.fellThrough.get('option relations')).toBe(before + 2);
  expect(typeorm.fastPathCounts.compiled).toBe(0);
});

describe.each(KINDS)('compiled reads of $table', ({ entity, types }) => {
  const rows = rowsOf(types, 't');

  it('give each row as TypeORM gives it, one by one and as a list', async () => {
    const before = compiled();
    for (const { id } of rows) {
      await same((source) => source.getRepository(entity).findOneBy({ id: String(id) }));
    }
    await same((source) => source.getRepository(entity).find({ order: { id: 'ASC' } }));
    await same((source) => source.getRepository(entity).find({ withDeleted: true }));
    expect(compiled() - before).toBe(2 * (rows.length + 2));
  });

  it('find by every value as TypeORM does, by text and by number', async () => {
    for (const [column, [, values]] of Object.entries(types)) {
      for (const value of values) {
        for (const asked of [value, String(value), Number(value)]) {
          const where = { [column]: asked } as FindOptionsWhere<ObjectLiteral>;
          await same((source) => source.getRepository(entity).find({ where, withDeleted: true }));
          await same((source) => source.getRepository(entity).findOneBy(where));
        }
      }
    }
  });

  it(`answer ${RUNS} random calls as TypeORM does`, async () => {
    const before = compiled();
    await fc.assert(
      fc.asyncProperty(optionsOf(types), async ({ options, one }) => {
        await same((source) =>
          one
            ? source.getRepository(entity).findOne(options)
            : source.getRepository(entity).find(options),
        );
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(compiled()).toBeGreaterThan(before + RUNS / 2); // of two calls a run
  });
});

/** Mostly values of the column itself, so that rows are found; some of any kind. */
function conditionOf(own: readonly unknown[]) {
  const strange = fc.constantFrom<unknown>(1, '1', 'a', '', true, 0.1, 10n, new Date(0), null);
  const value = fc.oneof({ arbitrary: fc.constantFrom(...own), weight: 30 }, strange);
  const operator = fc.oneof(
    fc.array(value, { minLength: 1, maxLength: 4 }).map((list) => In(list)),
    fc.constant(IsNull()),
    ...[Equal, LessThan, LessThanOrEqual, MoreThan, MoreThanOrEqual, Not].map((make) =>
      value.map((v) => make(v)),
    ),
  );
  return fc.oneof(
    value,
    operator,
    operator.map((inner) => Not(inner)),
  );
}

function optionsOf(types: (typeof KINDS)[number]['types']) {
  const columns = Object.keys(types);
  const names = fc.constantFrom('id', ...columns);
  const where = fc
    .uniqueArray(names, { maxLength: 2 })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(
          chosen.map((name) => [
            name,
            conditionOf(name === 'id' ? ['1', 2, '3'] : types[name]![1]),
          ]),
        ),
      ),
    );
  const order = fc.dictionary(fc.constantFrom(...columns), fc.constantFrom('ASC', 'DESC'), {
    maxKeys: 1,
  });
  const options = fc.record(
    {
      where,
      order: order.map((by): ObjectLiteral => ({ ...by, id: 'ASC' })),
      select: fc
        .dictionary(names, fc.boolean(), { maxKeys: 3 })
        .chain((some) => fc.constantFrom({ ...some, id: true }, { ...some, id: true }, some)),
      take: fc.constantFrom(1, 2, 5),
      skip: fc.constantFrom(1, 2),
      withDeleted: fc.boolean(),
    },
    { requiredKeys: ['where', 'order'] },
  );
  return fc.record({ options: options as fc.Arbitrary<FindManyOptions>, one: fc.boolean() });
}
