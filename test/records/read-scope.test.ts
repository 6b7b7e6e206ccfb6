import { Sharded } from '@switchyard/models';
import {
  Column,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
@Entity()
class Folder {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @DeleteDateColumn({ type: 'datetime' }) deletedAt!: Date | null;
  @OneToMany(() => Paper, (paper) => paper.folder) papers!: Paper[];
}

@Sharded({ tenant: { through: 'folder' }, ids: 'interleaved', scopeReads: true })
@Entity()
class Paper {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 40 }) title!: string;
  @ManyToOne(() => Folder, (folder) => folder.papers) folder!: Folder;
}

/** Not scoped, so that a row of another tenant can be reached from it. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
class Link {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @ManyToOne(() => Folder) target!: Folder | null;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Folder, Paper, Link],
    tenants: { us1: ['t_1', 't_2'] },
    sql: [
      "INSERT INTO folder VALUES (1, 't_1', 'mine', NULL), (2, 't_2', 'theirs', NULL)",
      "INSERT INTO paper VALUES (1, 'my paper', 1), (2, 'their paper', 2)",
      "INSERT INTO link VALUES (1, 't_1', 2)",
    ],
  });
});
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const asT1 = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);

describe('an entity with scopeReads', () => {
  it('shows the rows of the tenant only, to every kind of read', async () => {
    const seen = await asT1(async () => [
      (await repo(Folder).find()).map(({ name }) => name),
      (await repo(Folder).find({ where: [{ id: '1' }, { id: '2' }] })).length,
      await repo(Folder).findOneBy({ id: '2' }),
      await repo(Folder).count(),
      await repo(Folder).existsBy({ id: '2' }),
      (
        await repo(Folder).find({
          withDeleted: true,
          skip: 0,
          take: 5,
          relations: { papers: true },
        })
      ).length,
      (await repo(Folder).createQueryBuilder('f').where('f.id = 1').orWhere('f.id = 2').getMany())
        .length,
      (await repo(Folder).createQueryBuilder('f').select('f.name', 'n').getRawMany()).length,
    ]);
    expect(seen).toEqual([['mine'], 1, null, 1, false, 1, 1, 1]);
  });

  it('is followed through the declared relation', async () => {
    const titles = await asT1(async () => (await repo(Paper).find()).map(({ title }) => title));
    expect(titles).toEqual(['my paper']);
  });

  it('hides another tenant’s row behind a join', async () => {
    const link = await asT1(() =>
      repo(Link).findOneOrFail({ where: { id: '1' }, relations: { target: true } }),
    );
    expect(link.target).toBeNull();
    const inner = await asT1(() =>
      repo(Link).createQueryBuilder('l').innerJoin('l.target', 't').getCount(),
    );
    expect(inner).toBe(0);
  });

  it('is scoped in a stream and in a sub-query whose parameters are taken along', async () => {
    const names = await asT1(async () => {
      const seen: string[] = [];
      const stream = await repo(Folder).createQueryBuilder('f').stream();
      for await (const row of stream as AsyncIterable<{ f_name: string }>) seen.push(row.f_name);
      return seen;
    });
    expect(names).toEqual(['mine']);
    const papers = await asT1(() =>
      repo(Paper)
        .createQueryBuilder('p')
        .where((qb) => `p.folderId IN ${qb.subQuery().select('f.id').from(Folder, 'f').getQuery()}`)
        .getMany(),
    );
    expect(papers).toHaveLength(1);
  });

  it('is not scoped on a shard for no tenant', async () => {
    expect(await fleet.onShard('us1', () => repo(Folder).count())).toBe(2);
  });

  it('still refuses a save over another tenant’s row with TENANT_MISMATCH', async () => {
    const save = asT1(() => repo(Folder).save({ id: '2', name: 'taken' }));
    await expect(save).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
    expect(await fleet.rows('us1', 'SELECT name FROM folder WHERE id = 2')).toEqual([
      { name: 'theirs' },
    ]);
  });
});
