import { RecordFinder, Sharded } from '@switchyard/models';
import type { Locator } from '@switchyard/shard-context';
import { Column, Entity, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** `é`, `E` and `e` are one key. */
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
  @Column({ type: 'varchar', length: 40, default: '' }) text!: string;
}

/** `5`, `'05'` and `'5.0'` are one key. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Ticket {
  @PrimaryColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) text!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Seat {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Day {
  @PrimaryColumn({ type: 'date' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Moment {
  @PrimaryColumn({ type: 'datetime', precision: 3 }) id!: Date;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Price {
  @PrimaryColumn({ type: 'varchar', length: 20 }) item!: string;
  @PrimaryColumn({ type: 'decimal', precision: 10, scale: 2 }) amount!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

/** Every sign counts: other collations pass over `\0`. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Pair {
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  a!: string;
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  b!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

/** `aB` and `Ab` are two keys. */
@Sharded({ tenant: 'tenantId' })
@Entity()
class Book {
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  id!: string;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
}

@Sharded({ tenant: { through: 'book' } })
@Entity()
class Chapter {
  @PrimaryColumn({ type: 'varchar', length: 20, charset: 'utf8mb4', collation: 'utf8mb4_bin' })
  id!: string;
  @ManyToOne(() => Book, { nullable: false }) book!: Relation<Book>;
}

const TABLES = ['chapter', 'book', 'word', 'ticket', 'seat', 'price', 'pair', 'day', 'moment'];
const SHARDS = ['us1', 'us2'];
const directory: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) =>
    Promise.resolve({ tenant, shard: 'us1', epoch: 1, state: 'active' as const }),
};

let fleet: Fleet;
const selects: string[] = [];

beforeAll(async () => {
  const logger = {
    logQuery: (sql: string) => void (sql.includes(' AS tenant') && selects.push(sql)),
    logQueryError() {},
    logQuerySlow() {},
    logSchemaBuild() {},
    logMigration() {},
    log() {},
  };
  fleet = await startFleet({
    entities: [Word, Ticket, Seat, Price, Pair, Day, Moment, Book, Chapter],
    tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] },
    dataSource: { logging: ['query'], logger },
  });
});
beforeEach(async () => {
  for (const shard of SHARDS) {
    const [mine, other] = shard === 'us1' ? ['t_1', 't_2'] : ['t_3', 't_3'];
    for (const table of TABLES) await fleet.rows(shard, `DELETE FROM \`${table}\``);
    await fleet.rows(shard, "INSERT INTO word VALUES ('a', ?, ''), ('e', ?, '')", [mine, other]);
    await fleet.rows(shard, "INSERT INTO ticket VALUES (4, ?, ''), (5, ?, '')", [mine, other]);
    await fleet.rows(shard, 'INSERT INTO seat VALUES (0, ?), (4, ?)', [mine, mine]);
    await fleet.rows(shard, "INSERT INTO day VALUES ('2026-11-22', ?), ('2026-01-02', ?)", [
      mine,
      mine,
    ]);
    await asTenant(shard, mine, () =>
      repo(Moment).insert({ id: new Date('2026-11-22T10:20:30.450Z') }),
    );
    await fleet.rows(shard, "INSERT INTO book VALUES ('aB', ?), ('Ab', ?)", [mine, other]);
    await fleet.rows(shard, "INSERT INTO chapter VALUES ('xY', 'aB'), ('Xy', 'Ab')");
  }
  selects.length = 0;
});
afterAll(() => fleet?.stop());

/** An id as it stands in a global ID. */
function idOf(record: object): string {
  const { id } = record as { id: string | Date };
  return id instanceof Date ? id.toISOString() : String(id);
}

const asTenant = <T>(shard: string, tenant: string, work: () => T): T =>
  fleet.onTenant(shard, tenant, work);
const asT1 = <T>(work: () => T): T => asTenant('us1', 't_1', work);
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

async function contents(): Promise<unknown> {
  const tables = SHARDS.flatMap((shard) => TABLES.map((table) => [shard, table] as const));
  return Promise.all(
    tables.map(([shard, table]) => fleet.rows(shard, `SELECT * FROM \`${table}\` ORDER BY 1`)),
  );
}

/** Runs a write for t_1 that must be refused, and looks that nothing changed anywhere. */
async function refused(write: () => Promise<unknown>): Promise<void> {
  const before = await contents();
  await expect(asT1(write)).rejects.toMatchObject({ code: 'TENANT_MISMATCH', found: 't_2' });
  expect(await contents()).toEqual(before);
}

describe('a row of another tenant', () => {
  it.each(['e', 'E', 'é', 'É', 'e '])('is not removed by the key %j', async (id) => {
    await refused(() => repo(Word).remove(Object.assign(new Word(), { id })));
  });

  it.each(['5', '05', '5.0', ' 5'])('is not removed by the number %j', async (id) => {
    await refused(() => repo(Ticket).remove(Object.assign(new Ticket(), { id })));
  });

  it.each(['E', 'é'])('is not met by an upsert of the key %j in silence', async (id) => {
    await refused(() => repo(Word).upsert({ id, text: 'mine' }, ['id']));
  });

  it.each(['05', '5.0'])('is not met by an upsert of the number %j in silence', async (id) => {
    await refused(() => repo(Ticket).upsert({ id, text: 'mine' }, ['id']));
  });

  it('is found among rows of ours, each key in its own spelling', async () => {
    const keys = ['a', 'A', 'á', 'É'];
    await refused(() => repo(Word).remove(keys.map((id) => Object.assign(new Word(), { id }))));
  });

  it('owns nothing of ours, where its key differs from our owner’s in case only', async () => {
    const chapter = Object.assign(new Chapter(), { id: 'new', book: { id: 'Ab' } });
    await refused(() => repo(Chapter).save(chapter));
    const both = ['aB', 'Ab'].map((id) => Object.assign(new Chapter(), { id, book: { id } }));
    await refused(() => repo(Chapter).save(both));
    await refused(() => repo(Chapter).save([...both].reverse()));
  });
});

describe('a row of ours', () => {
  it('is written by its key in any spelling that the server takes for it', async () => {
    await asT1(() => repo(Word).upsert({ id: 'Á', text: 'mine' }, ['id']));
    await asT1(() => repo(Ticket).remove(Object.assign(new Ticket(), { id: '04' })));
    expect(await fleet.rows('us1', "SELECT text FROM word WHERE id = 'a'")).toEqual([
      { text: 'mine' },
    ]);
    expect(await fleet.rows('us1', 'SELECT id FROM ticket')).toEqual([{ id: 5 }]);
    expect(await fleet.rows('us2', 'SELECT id FROM ticket ORDER BY id')).toEqual([
      { id: 4 },
      { id: 5 },
    ]);
  });

  it('takes a second query only where a key is not spelled as its row has it', async () => {
    const chapters = ['aB', 'none'].map((id) => Object.assign(new Chapter(), { id }));
    await asT1(() => repo(Chapter).save({ id: 'new', book: { id: 'aB' } }));
    expect(selects).toHaveLength(1);
    await asT1(() => repo(Chapter).remove(chapters));
    expect(selects).toHaveLength(2);
  });
});

describe('locateMany', () => {
  it.each([
    ['Word', ['A', 'á', 'Á', 'a', 'b'], ['a', 'a', 'a', 'a', undefined]],
    ['Ticket', ['4', '04', '-0', '6'], ['4', '4', undefined, undefined]],
    ['Seat', ['4', '04', '6'], ['4', '4', undefined]],
    ['Day', ['2026-11-22', '2026-1-2', '2026-11-23'], ['2026-11-22', '2026-01-02', undefined]],
    ['Moment', ['2026-11-22T10:20:30.450Z', '2026-11-22'], ['2026-11-22T10:20:30.450Z', undefined]],
  ])(
    'finds a %s by its id in any spelling that the server takes for it',
    async (model, ids, rows) => {
      const finder = new RecordFinder(fleet.dataSource, directory);
      for (const tenant of ['t_1', undefined]) {
        const found = await finder.locateMany(
          ids.map((id) => ({ model, id: [id], shard: 'us1', tenant })),
        );
        expect(found.map((one) => one.outcome === 'found' && idOf(one.record))).toEqual(
          rows.map((id) => id ?? false),
        );
      }
    },
  );

  it.each([
    ['Word', 's', 'ß'],
    ['Word', 'ae', 'áé'],
    ['Day', '2026-01-02', '2026-1-2'],
    ['Day', '2026-01-02', '20260102'],
  ])('finds a %s asked for as %j also by %j beside it', async (model, id, other) => {
    if (model === 'Word') await fleet.rows('us1', "INSERT INTO word VALUES (?, 't_1', '')", [id]);
    const finder = new RecordFinder(fleet.dataSource, directory);
    const found = await finder.locateMany(
      [id, other].map((one) => ({ model, id: [one], shard: 'us1', tenant: 't_1' })),
    );
    expect(found).toMatchObject([id, id].map(() => ({ outcome: 'found', record: { id } })));
  });

  it.each(['Ticket', 'Seat'])(
    'asks no shard for a %s by a text that is no number',
    async (model) => {
      const finder = new RecordFinder(fleet.dataSource, directory);
      const ids = ['abc', '', '4abc', '4 OR 1=1', '1e3', 'Infinity', '4'];
      for (const tenant of ['t_1', undefined]) {
        const found = await finder.locateMany(
          ids.map((id) => ({ model, id: [id], shard: 'us1', tenant })),
        );
        const last = found.pop();
        expect(found.map(({ outcome }) => outcome)).toEqual(ids.slice(1).map(() => 'misrouted'));
        expect(found[2]).toMatchObject({ reason: expect.stringContaining(`4abc is no id of`) });
        expect(last).toMatchObject({ outcome: 'found' });
      }
    },
  );

  it('judges each part of a key by itself', async () => {
    await fleet.rows('us1', "INSERT INTO price VALUES ('x', 5, 't_1')");
    const finder = new RecordFinder(fleet.dataSource, directory);
    const found = await finder.locateMany(
      ['5.00', '05.0', '5', '6'].map((amount) => ({
        model: 'Price',
        id: ['x', amount],
        shard: 'us1',
        tenant: 't_1',
      })),
    );
    expect(found.map(({ outcome }) => outcome)).toEqual(['found', 'found', 'found', 'gone']);
  });

  it('tells keys apart whose parts hold the sign that could join them', async () => {
    const ids = [
      ['x\0', 'y'],
      ['x', '\0y'],
      ['x\\', '0y'],
    ];
    for (const id of ids) await fleet.rows('us1', "INSERT INTO pair VALUES (?, ?, 't_1')", id);
    const finder = new RecordFinder(fleet.dataSource, directory);
    const found = await finder.locateMany(
      ids.map((id) => ({ model: 'Pair', id, shard: 'us1', tenant: 't_1' })),
    );
    expect(found).toMatchObject(ids.map(([a, b]) => ({ outcome: 'found', record: { a, b } })));
  });

  it('asks no shard for a Moment by a text that is no time', async () => {
    const finder = new RecordFinder(fleet.dataSource, directory);
    const reference = { model: 'Moment', id: ['yesterday'], shard: 'us1', tenant: 't_1' };
    expect(await finder.locate(reference)).toMatchObject({ outcome: 'misrouted' });
  });

  it('knows the owners of rows whose keys, and whose owners’ keys, differ in case only', async () => {
    const finder = new RecordFinder(fleet.dataSource, directory);
    const ids = ['xY', 'Xy', 'xY'];
    const find = (tenant?: string) =>
      finder.locateMany(ids.map((id) => ({ model: 'Chapter', id: [id], shard: 'us1', tenant })));
    expect(await find('t_1')).toMatchObject([
      { outcome: 'found', record: { id: 'xY' } },
      { outcome: 'misrouted' },
      { outcome: 'found', record: { id: 'xY' } },
    ]);
    expect((await find()).map(({ outcome }) => outcome)).toEqual(['found', 'found', 'found']);
  });
});
