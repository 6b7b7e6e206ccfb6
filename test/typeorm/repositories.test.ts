import { Sharded } from '@switchyard/models';
import { unfenced } from '@switchyard/shard-context';
import {
  Column,
  Entity,
  In,
  LessThan,
  Like,
  Not,
  PrimaryColumn,
  DeleteDateColumn,
  EntityManager,
  Repository,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Post {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) title!: string;
  @Column({ type: 'int', default: 0 }) likes!: number;
  @DeleteDateColumn({ type: 'datetime' }) deletedAt!: Date | null;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Post]);
});
beforeEach(async () => {
  await empty(fleet, 'post');
  await onBoth(fleet, (shard) =>
    posts().insert([1, 2, 3].map((id) => ({ id, title: `${shard} ${id}`, likes: id }))),
  );
});
afterAll(() => fleet?.stop());

const posts = () => fleet.dataSource.getRepository(Post);
const titles = (rows: Post[]) => rows.map(({ title }) => title);

describe('Repository, as documented', () => {
  it('finds by every find method', async () => {
    const found = await onBoth(fleet, async () => [
      titles(await posts().find({ where: { id: In([1, 2]) }, order: { id: 'DESC' }, take: 1 })),
      titles(await posts().findBy({ title: Like('% 1') })),
      (await posts().findAndCount({ where: { likes: LessThan(3) } }))[1],
      (await posts().findAndCountBy({ id: Not(1) }))[1],
      (await posts().findOne({ where: { id: 1 }, select: { title: true } }))?.title,
      (await posts().findOneBy({ id: 2 }))?.title,
      (await posts().findOneOrFail({ where: { id: 3 } })).title,
      (await posts().findOneByOrFail({ id: 3 })).title,
      titles(await posts().find({ where: [{ id: 1 }, { title: Like('%3') }] })),
    ]);
    const expected = (shard: string) => [
      [`${shard} 2`],
      [`${shard} 1`],
      2,
      2,
      `${shard} 1`,
      `${shard} 2`,
      `${shard} 3`,
      `${shard} 3`,
      [`${shard} 1`, `${shard} 3`],
    ];
    expect(found).toEqual([expected('us1'), expected('us2')]);
  });

  it('counts, sums and tells whether rows exist', async () => {
    await onFirst(fleet, () => posts().delete(3));
    const found = await onBoth(fleet, async () => [
      await posts().count(),
      await posts().countBy({ id: 1 }),
      await posts().exists({ where: { id: 3 } }),
      await posts().existsBy({ id: 1 }),
      await posts().sum('likes'),
      await posts().average('likes'),
      await posts().minimum('likes'),
      await posts().maximum('likes'),
    ]);
    expect(found).toEqual([
      [2, 1, false, true, 3, 1.5, 1, 2],
      [3, 1, true, true, 6, 2, 1, 3],
    ]);
  });

  it('saves, updates, increments, soft-deletes, restores, upserts and removes', async () => {
    await onFirst(fleet, async () => {
      const post = await posts().findOneByOrFail({ id: 1 });
      await posts().save(posts().merge(post, { title: 'saved' }));
      await posts().update(2, { title: 'updated' });
      await posts().increment({ id: 2 }, 'likes', 10);
      await posts().decrement({ id: 2 }, 'likes', 1);
      await posts().softDelete(3);
      expect(await posts().count()).toBe(2);
      await posts().restore(3);
      await posts().softRemove(post);
      await posts().recover(post);
      await posts().upsert([{ id: 3, title: 'upserted' }], ['id']);
      await posts().upsert([{ id: 4, title: 'new' }], { conflictPaths: { id: true } });
      const preloaded = await posts().preload({ id: 4, likes: 44 });
      await posts().save(preloaded as Post);
    });
    expect(await fleet.rows('us1', 'SELECT id, title, likes FROM post ORDER BY id')).toEqual([
      { id: 1, title: 'saved', likes: 1 },
      { id: 2, title: 'updated', likes: 11 },
      { id: 3, title: 'upserted', likes: 3 },
      { id: 4, title: 'new', likes: 44 },
    ]);
    await onFirst(fleet, async () => {
      await posts().remove(await posts().find());
    });
    expect(await fleet.rows('us1', 'SELECT COUNT(*) n FROM post')).toEqual([{ n: 0 }]);
    expect(await fleet.rows('us2', "SELECT COUNT(*) n FROM post WHERE title LIKE 'us2%'")).toEqual([
      { n: 3 },
    ]);
  });

  it('clears a table only on a shard by name, not for a tenant, whose neighbours it would clear too', async () => {
    await expect(onFirst(fleet, () => posts().clear())).rejects.toMatchObject({
      code: 'STATEMENT_REFUSED',
    });
    const onShard = () => fleet.onShard('us1', () => posts().clear());
    await expect(onShard()).rejects.toMatchObject({ code: 'WRITE_NOT_FENCED' });
    const count = 'SELECT COUNT(*) n FROM post';
    expect(await fleet.rows('us1', count)).toEqual([{ n: 3 }]);
    await fleet.onShard('us1', () => unfenced('a test', () => posts().clear()));
    expect([await fleet.rows('us1', count), await fleet.rows('us2', count)]).toEqual([
      [{ n: 0 }],
      [{ n: 3 }],
    ]);
  });

  it('saves in chunks, with data for subscribers, without reload and without a transaction', async () => {
    await onBoth(fleet, async (shard) => {
      const many = Array.from({ length: 10 }, (_, i) => ({ id: 10 + i, title: shard }));
      await posts().save(many, { chunk: 3, reload: false, data: { from: shard } });
      await posts().save({ id: 50, title: shard }, { transaction: false });
    });
    for (const shard of ['us1', 'us2']) {
      const rows = await fleet.rows(shard, 'SELECT DISTINCT title FROM post WHERE id >= 10');
      expect(rows).toEqual([{ title: shard }]);
    }
  });
});

describe('EntityManager, as documented', () => {
  it('reads and writes by entity class', async () => {
    const found = await onBoth(fleet, async (shard) => {
      const { manager } = fleet.dataSource;
      await manager.save(Post, { id: 9, title: `manager ${shard}` });
      await manager.insert(Post, { id: 8, title: 'x' });
      await manager.update(Post, 8, { title: 'y' });
      await manager.delete(Post, 8);
      const post = await manager.findOneByOrFail(Post, { id: 9 });
      return [post.title, manager.hasId(post), manager.getId(post), await manager.count(Post)];
    });
    expect(found).toEqual([
      ['manager us1', true, 9, 4],
      ['manager us2', true, 9, 4],
    ]);
  });

  it('runs raw SQL and the sql tag on the shard of the context', async () => {
    const found = await onBoth(fleet, async () => {
      const { dataSource } = fleet;
      const [raw] = await dataSource.query<{ title: string }[]>(
        'SELECT title FROM post WHERE id = ?',
        [1],
      );
      const [tagged] = await dataSource.sql<{ title: string }[]>`
        SELECT title FROM post WHERE id = ${2}`;
      const [managed] = await dataSource.manager.query<{ db: string }[]>('SELECT DATABASE() AS db');
      return [raw?.title, tagged?.title, managed?.db];
    });
    const databases = fleet.topology.shards.map(({ database }) => database);
    expect(found).toEqual([
      ['us1 1', 'us1 2', databases[0]],
      ['us2 1', 'us2 2', databases[1]],
    ]);
  });
});

describe('a custom repository', () => {
  class PostRepository extends Repository<Post> {
    popular(): Promise<Post[]> {
      return this.createQueryBuilder('post').where('post.likes > 2').getMany();
    }
  }

  it('made by extend() runs on the shard of the context, also inside a transaction', async () => {
    const extended = posts().extend({
      popular(this: Repository<Post>) {
        return this.createQueryBuilder('post').where('post.likes > 2').getMany();
      },
    });
    const found = await onBoth(fleet, async () => [
      ...titles(await extended.popular()),
      ...(await fleet.dataSource.transaction(async (manager) =>
        titles(await manager.withRepository(extended).popular()),
      )),
    ]);
    expect(found).toEqual([
      ['us1 3', 'us1 3'],
      ['us2 3', 'us2 3'],
    ]);
  });

  it('made as a class runs on the shard of the context', async () => {
    const custom = new PostRepository(Post, fleet.dataSource.manager);
    const found = await onBoth(fleet, async () => titles(await custom.popular()));
    expect(found).toEqual([['us1 3'], ['us2 3']]);
  });

  it('shows the data source and its own manager, as TypeORM’s do', () => {
    expect(posts().manager).toBe(fleet.dataSource.manager);
    expect(posts().manager).toBeInstanceOf(EntityManager);
    expect(posts().metadata.tableName).toBe('post');
  });
});
