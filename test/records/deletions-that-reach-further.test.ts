import { Sharded } from '@switchyard/models';
import { unfenced } from '@switchyard/shard-context';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

@Sharded({ tenant: 'none' })
@Entity()
class Continent {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @OneToMany(() => Country, (country) => country.continent, { cascade: true })
  countries!: Relation<Country>[];
}

@Sharded({ tenant: 'none' })
@Entity()
class Country {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @ManyToOne(() => Continent, (continent) => continent.countries, {
    onDelete: 'CASCADE',
    orphanedRowAction: 'delete',
  })
  continent!: Relation<Continent> | null;
  @DeleteDateColumn({ type: 'datetime', nullable: true }) deletedAt!: Date | null;
}

@Sharded({ tenant: 'none' })
@Entity()
class Reason {
  @PrimaryColumn({ type: 'int' }) id!: number;
}

@Sharded({ tenant: 'none' })
@Entity()
class Tag {
  @PrimaryColumn({ type: 'int' }) id!: number;
}

@Sharded({ tenant: 'none' })
@Entity()
class Language {
  @PrimaryColumn({ type: 'int' }) id!: number;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Visit {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) tenantId!: string;
  @ManyToOne(() => Country, { onDelete: 'CASCADE' }) country!: Relation<Country>;
  @ManyToOne(() => Reason, { onDelete: 'SET NULL', nullable: true }) reason!: Relation<Reason>;
  @ManyToOne(() => Language, { nullable: true }) language!: Relation<Language> | null;
  @ManyToMany(() => Tag) @JoinTable({ name: 'visit_tag' }) tags!: Relation<Tag>[];
}

const ENTITIES = [Continent, Country, Reason, Tag, Language, Visit];
const TABLES = ['visit_tag', 'visit', 'language', 'tag', 'reason', 'country', 'continent'];
const SHARDS = ['us1', 'us2'];

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ entities: ENTITIES, tenants: { us1: ['t_1', 't_2'], us2: ['t_3'] } });
});
beforeEach(async () => {
  for (const shard of SHARDS) {
    const other = shard === 'us1' ? 't_2' : 't_3';
    for (const table of TABLES) await fleet.rows(shard, `DELETE FROM ${table}`);
    await fleet.rows(shard, 'INSERT INTO continent VALUES (1), (2)');
    await fleet.rows(shard, 'INSERT INTO country (id, continentId) VALUES (1, 1), (2, 2)');
    for (const table of ['reason', 'tag', 'language']) {
      await fleet.rows(shard, `INSERT INTO ${table} VALUES (1), (2)`);
    }
    await fleet.rows(
      shard,
      'INSERT INTO visit (id, tenantId, countryId, reasonId) VALUES (1, ?, 1, 1)',
      [other],
    );
    await fleet.rows(shard, 'INSERT INTO visit_tag VALUES (1, 1)');
  }
});
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(work: () => T): T => fleet.onTenant('us1', 't_1', work);
const onShard = <T>(work: () => T): T => fleet.onShard('us1', work);

function contents(): Promise<unknown> {
  const all = SHARDS.flatMap((shard) => TABLES.map((table) => [shard, table] as const));
  return Promise.all(all.map(([shard, table]) => fleet.rows(shard, `SELECT * FROM ${table}`)));
}

const REACHING: readonly (new () => { id: number })[] = [Continent, Country, Reason, Tag];
const DELETIONS = REACHING.flatMap((entity) => [
  [`remove of a ${entity.name}`, () => repo(entity).remove(Object.assign(new entity(), { id: 1 }))],
  [`delete of a ${entity.name}`, () => repo(entity).delete({ id: 1 })],
  [
    `delete builder of ${entity.name}`,
    () => repo(entity).createQueryBuilder().delete().where('id = 1').execute(),
  ],
]) as [string, () => Promise<unknown>][];

describe('a row of no one that the schema deletes rows of tenants with', () => {
  it.each(DELETIONS)('stays under a tenant: %s', async (_name, write) => {
    const before = await contents();
    await expect(asT1(write)).rejects.toMatchObject({
      code: 'TENANT_UNCHECKABLE',
      message: expect.stringMatching(/ON DELETE (CASCADE|SET NULL) of visit/) as string,
    });
    expect(await contents()).toEqual(before);
  });

  it.each(DELETIONS)('stays without a tenant, too: %s', async (_name, write) => {
    const before = await contents();
    await expect(onShard(write)).rejects.toMatchObject({
      code: 'WRITE_NOT_FENCED',
      message: expect.stringContaining('changes rows of visit') as string,
    });
    expect(await contents()).toEqual(before);
  });

  it('stays when it is orphaned', async () => {
    const before = await contents();
    const continent = Object.assign(new Continent(), { id: 1, countries: [] });
    await expect(asT1(() => repo(Continent).save(continent))).rejects.toMatchObject({
      code: 'TENANT_UNCHECKABLE',
    });
    expect(await contents()).toEqual(before);
  });

  it.each(['DELETE FROM country', 'REPLACE INTO country (id) VALUES (1)', 'TRUNCATE country'])(
    'is not reached by raw SQL without a tenant: %s',
    async (sql) => {
      const before = await contents();
      await expect(onShard(() => fleet.dataSource.query(sql))).rejects.toMatchObject({
        code: 'WRITE_NOT_FENCED',
      });
      expect(await contents()).toEqual(before);
    },
  );

  it('is deleted with them where someone says so, on its own shard only', async () => {
    await onShard(() => unfenced('closed', () => repo(Country).delete({ id: 1 })));
    expect(await fleet.rows('us1', 'SELECT id FROM visit')).toEqual([]);
    expect(await fleet.rows('us2', 'SELECT id FROM visit')).toEqual([{ id: 1 }]);
  });

  it('may be soft-deleted, inserted and changed: no foreign key reaches further', async () => {
    await asT1(() => repo(Country).softDelete({ id: 1 }));
    await asT1(() => repo(Country).restore({ id: 1 }));
    await asT1(() => repo(Country).save({ id: 3, continent: { id: 1 } }));
    await onShard(() => repo(Country).update({ id: 3 }, { continent: { id: 2 } }));
    const sql = 'SELECT id, continentId FROM country WHERE deletedAt IS NULL ORDER BY id';
    expect(await fleet.rows('us1', sql)).toEqual([
      { id: 1, continentId: 1 },
      { id: 2, continentId: 2 },
      { id: 3, continentId: 2 },
    ]);
  });
});

describe('a row that takes none of other tenants along', () => {
  it('is deleted as ever: of no one, where the server itself refuses one that is in use', async () => {
    await fleet.rows('us1', 'UPDATE visit SET languageId = 2');
    await asT1(() => repo(Language).delete({ id: 1 }));
    await expect(asT1(() => repo(Language).delete({ id: 2 }))).rejects.toMatchObject({
      errno: 1451,
    });
    expect(await fleet.rows('us1', 'SELECT id FROM language')).toEqual([{ id: 2 }]);
  });

  it('is deleted as ever: of the tenant, with its own rows behind it', async () => {
    await fleet.onTenant('us1', 't_2', () => repo(Visit).delete({ id: 1 }));
    expect(await fleet.rows('us1', 'SELECT * FROM visit_tag')).toEqual([]);
    expect(await fleet.rows('us2', 'SELECT * FROM visit_tag')).toHaveLength(1);
  });
});
