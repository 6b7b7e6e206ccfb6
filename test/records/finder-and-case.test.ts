import { RecordFinder, Sharded } from '@switchyard/models';
import type { Locator, RecordReference } from '@switchyard/shard-context';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** `aB` and `Ab` are two keys. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Token {
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

/** `aB` and `Ab` are one key. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Word {
  @PrimaryColumn({
    type: 'varchar',
    length: 20,
    charset: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
  })
  id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

/** One part of the key tells `a` from `A`, the other does not. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Entry {
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  book!: string;
  @PrimaryColumn({
    type: 'varchar',
    length: 20,
    charset: 'utf8mb4',
    collation: 'utf8mb4_general_ci',
  })
  word!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

/** Its ids travel as hexadecimal texts. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Blob {
  @PrimaryColumn({ type: 'varbinary', length: 2 }) id!: Buffer;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

const HOMES: Record<string, string> = { t_1: 'us1', t_2: 'us2' };
const directory: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) =>
    Promise.resolve({ tenant, shard: HOMES[tenant] ?? '', epoch: 1, state: 'active' }),
};

let fleet: Fleet;
let finder: RecordFinder;
const statements: string[] = [];

beforeAll(async () => {
  const logger = {
    logQuery: (sql: string) => void statements.push(sql),
    logQueryError() {},
    logQuerySlow() {},
    logSchemaBuild() {},
    logMigration() {},
    log() {},
  };
  fleet = await startFleet({
    entities: [Token, Word, Entry, Blob],
    tenants: { us1: ['t_1'], us2: ['t_2'] },
    dataSource: { logging: ['query'], logger },
  });
  finder = new RecordFinder(fleet.dataSource, directory);
});
beforeEach(async () => {
  for (const [tenant, shard] of Object.entries(HOMES)) {
    for (const name of ['token', 'word', 'entry', 'blob']) {
      await fleet.rows(shard, `DELETE FROM \`${name}\``);
    }
    await fleet.rows(shard, "INSERT INTO token VALUES ('aB', ?), ('Ab', ?)", [tenant, tenant]);
    await fleet.rows(shard, "INSERT INTO word VALUES ('ab', ?), ('cd', ?)", [tenant, tenant]);
    await fleet.rows(shard, "INSERT INTO entry VALUES ('a', 'x', ?)", [tenant]);
    await fleet.rows(shard, "INSERT INTO `blob` VALUES (x'abcd', ?)", [tenant]);
  }
  statements.length = 0;
});
afterAll(() => fleet?.stop());

/** What is found for the ids of a model, of t_1 by its name or by the shard alone. */
async function locate(model: string, ids: string[][], part: Partial<RecordReference>) {
  const references = ids.map((id) => ({ model, id, shard: 'us1', ...part }));
  const outcomes = await finder.locateMany(references);
  return outcomes.map((one) => (one.outcome === 'found' ? keyOf(one.record) : one.outcome));
}

function keyOf(record: object): string {
  if (record instanceof Entry) return `${record.book} ${record.word}`;
  return String((record as Token | Word).id);
}

const selects = (table: string) =>
  statements.filter((sql) => sql.includes(`FROM \`${table}\``)).length;

describe.each<[string, Partial<RecordReference>]>([
  ['a tenant', { tenant: 't_1' }],
  ['a shard and no tenant', {}],
])('locateMany by %s', (_, part) => {
  it('tells keys apart that differ in case only, where their column does', async () => {
    expect(await locate('Token', [['aB'], ['Ab'], ['aB']], part)).toEqual(['aB', 'Ab', 'aB']);
    expect(selects('token')).toBe(1);
  });

  it('shares no row with a key that differs in case, where the column tells them apart', async () => {
    await fleet.rows('us1', "DELETE FROM token WHERE BINARY id = 'Ab'");
    expect(await locate('Token', [['Ab'], ['aB'], ['AB'], ['ab']], part)).toEqual([
      'gone',
      'aB',
      'gone',
      'gone',
    ]);
  });

  it('finds a row in any case, where the column does', async () => {
    const outcomes = await locate('Word', [['AB'], ['CD'], ['EF']], part);
    expect(outcomes).toEqual(['ab', 'cd', 'gone']);
  });

  it('finds a row for several ways to write its key, where the column does', async () => {
    const ids = [['AB'], ['ab'], ['aB'], ['AB'], ['cd'], ['Cd']];
    const outcomes = await locate('Word', ids, part);
    expect(outcomes).toEqual(['ab', 'ab', 'ab', 'ab', 'cd', 'cd']);
  });

  it('finds hundreds of rows by keys that are not written as theirs', async () => {
    const ids = Array.from({ length: 250 }, (_, i) => `w${i}`);
    const values = ids.map((id) => `('${id}', 't_1')`).join();
    await fleet.rows('us1', `INSERT INTO word VALUES ${values}`);
    const upper = ids.map((id) => [id.toUpperCase()]);
    expect(await locate('Word', upper, part)).toEqual(ids);
    expect(selects('word')).toBe(4);
  });

  it('leaves it to each part of a key whether case counts', async () => {
    const ids = [
      ['a', 'X'],
      ['A', 'x'],
      ['a', 'x'],
    ];
    expect(await locate('Entry', ids, part)).toEqual(['a x', 'gone', 'a x']);
  });

  it('finds binary keys, whose texts are hexadecimal, in any case', async () => {
    const [outcome] = await finder.locateMany([
      { model: 'Blob', id: ['ABCD'], shard: 'us1', ...part },
      { model: 'Blob', id: ['abcd'], shard: 'us1', ...part },
    ]);
    expect(outcome).toMatchObject({ record: { id: Buffer.from('abcd', 'hex') } });
  });

  it('hands out one record for one row, however its key is written', async () => {
    const outcomes = await finder.locateMany(
      ['ab', 'AB', 'Ab'].map((id) => ({ model: 'Word', id: [id], shard: 'us1', ...part })),
    );
    expect(new Set(outcomes.map((one) => one.outcome === 'found' && one.record)).size).toBe(1);
  });

  it('asks again, once for all, where keys are not written as their rows have them', async () => {
    await locate('Word', [['ab'], ['cd'], ['ef']], part);
    expect(selects('word')).toBe(1);
    await locate('Word', [['ab'], ['AB'], ['cd'], ['CD']], part);
    expect(selects('word')).toBe(3);
  });
});
