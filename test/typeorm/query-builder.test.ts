import { Sharded } from '@switchyard/models';
import {
  Column,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  Brackets,
  DeleteDateColumn,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Author {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
  @OneToMany(() => Book, (book) => book.author) books!: Book[];
}

@Sharded({ tenant: { through: 'author' } })
@Entity()
class Book {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 80 }) title!: string;
  @Column({ type: 'int', default: 0 }) pages!: number;
  @DeleteDateColumn({ type: 'datetime' }) deletedAt!: Date | null;
  @ManyToOne(() => Author, (author) => author.books, { nullable: false }) author!: Author;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Author, Book]);
});
beforeEach(async () => {
  await empty(fleet, 'book', 'author');
  await onBoth(fleet, async (shard) => {
    await authors().insert([1, 2].map((id) => ({ id, name: `${shard} a${id}` })));
    await books().insert(
      [1, 2, 3, 4].map((id) => ({
        id,
        title: `${shard} b${id}`,
        pages: id * 100,
        author: { id: id % 2 === 0 ? 2 : 1 },
      })),
    );
  });
});
afterAll(() => fleet?.stop());

const authors = () => fleet.dataSource.getRepository(Author);
const books = () => fleet.dataSource.getRepository(Book);

describe('the select query builder', () => {
  it('joins, groups, orders, pages and hydrates', async () => {
    const found = await onBoth(fleet, async () => {
      const joined = await authors()
        .createQueryBuilder('author')
        .leftJoinAndSelect('author.books', 'book', 'book.pages > :pages', { pages: 100 })
        .orderBy('author.id')
        .addOrderBy('book.id')
        .skip(0)
        .take(1)
        .getOneOrFail();
      const grouped = await books()
        .createQueryBuilder('book')
        .select('book.authorId', 'author')
        .addSelect('SUM(book.pages)', 'pages')
        .groupBy('book.authorId')
        .having('SUM(book.pages) > 400')
        .getRawMany<{ author: number; pages: string }>();
      return [joined.name, joined.books.map(({ title }) => title), grouped.map((r) => r.author)];
    });
    expect(found).toEqual([
      ['us1 a1', ['us1 b3'], [2]],
      ['us2 a1', ['us2 b3'], [2]],
    ]);
  });

  it('takes sub-queries in FROM, in WHERE, as a selection and as EXISTS', async () => {
    const found = await onBoth(fleet, async () => {
      const inWhere = await authors()
        .createQueryBuilder('author')
        .where((qb) => {
          const sub = qb.subQuery().select('book.authorId').from(Book, 'book').where('book.id = 4');
          return `author.id IN ${sub.getQuery()}`;
        })
        .getMany();
      const inFrom = await fleet.dataSource
        .createQueryBuilder()
        .select('sub.title', 'title')
        .from(
          (qb) => qb.select('book.title', 'title').from(Book, 'book').where('book.id = 1'),
          'sub',
        )
        .getRawOne<{ title: string }>();
      const selected = await authors()
        .createQueryBuilder('author')
        .select('author.id', 'id')
        .addSelect(
          (qb) => qb.select('COUNT(*)').from(Book, 'b').where('b.authorId = author.id'),
          'n',
        )
        .orderBy('author.id')
        .getRawMany<{ n: string }>();
      const exists = await authors()
        .createQueryBuilder('author')
        .whereExists(books().createQueryBuilder('b').where('b.authorId = author.id AND b.id = 2'))
        .getCount();
      return [inWhere[0]?.name, inFrom?.title, selected.map(({ n }) => Number(n)), exists];
    });
    expect(found).toEqual([
      ['us1 a2', 'us1 b1', [2, 2], 1],
      ['us2 a2', 'us2 b1', [2, 2], 1],
    ]);
  });

  it('takes common table expressions, brackets, hints, comments and a clone', async () => {
    const found = await onBoth(fleet, async () => {
      const builder = books()
        .createQueryBuilder('book')
        .addCommonTableExpression('SELECT 2 AS wanted', 'picked')
        .innerJoin('picked', 'picked', 'picked.wanted = book.id')
        .andWhere(new Brackets((qb) => qb.where('book.pages > 0').orWhere('book.pages < 0')))
        .comment('who; DELETE FROM book')
        .maxExecutionTime(10_000);
      return [(await builder.getOneOrFail()).title, (await builder.clone().getMany()).length];
    });
    expect(found).toEqual([
      ['us1 b2', 1],
      ['us2 b2', 1],
    ]);
  });

  it('loads relation ids', async () => {
    const found = await onBoth(fleet, () =>
      authors()
        .createQueryBuilder('author')
        .loadAllRelationIds({ relations: ['books'] })
        .orderBy('author.id')
        .getMany(),
    );
    for (const rows of found) {
      expect(rows.map(({ books: ids }) => ids)).toEqual([
        [1, 3],
        [2, 4],
      ]);
    }
  });

  it('locks rows inside a transaction', async () => {
    const titles = await onBoth(fleet, () =>
      fleet.dataSource.transaction(async (manager) => {
        const row = await manager
          .createQueryBuilder(Book, 'book')
          .setLock('pessimistic_write')
          .where('book.id = 1')
          .getOneOrFail();
        return row.title;
      }),
    );
    expect(titles).toEqual(['us1 b1', 'us2 b1']);
  });

  it('streams, by events and by for await, in the context of its shard', async () => {
    const streamed = await onBoth(fleet, async (shard) => {
      const seen: unknown[] = [];
      const places = new Set<string | undefined>();
      const byEvents: NodeJS.EventEmitter = await books()
        .createQueryBuilder('book')
        .orderBy('book.id')
        .stream();
      await new Promise((resolve, reject) => {
        byEvents.on('data', (row: { book_title: string }) => {
          seen.push(row.book_title);
          places.add(currentFrame()?.place?.shard);
        });
        byEvents.on('end', resolve).on('error', reject);
      });
      const iterated = await books().createQueryBuilder('book').orderBy('book.id').stream();
      for await (const row of iterated as AsyncIterable<{ book_title: string }>) {
        seen.push(row.book_title);
        places.add(currentFrame()?.place?.shard);
      }
      expect([...places]).toEqual([shard]);
      return seen;
    });
    const expected = (shard: string) => {
      const titles = [1, 2, 3, 4].map((id) => `${shard} b${id}`);
      return [...titles, ...titles];
    };
    expect(streamed).toEqual([expected('us1'), expected('us2')]);
  });
});

describe('the writing query builders', () => {
  it('insert, update, delete, soft-delete and restore on their shard', async () => {
    await onFirst(fleet, async () => {
      const builder = () => fleet.dataSource.createQueryBuilder();
      await builder().insert().into(Author).values({ id: 9, name: 'inserted' }).execute();
      await builder()
        .update(Author)
        .set({ name: () => "CONCAT(name, '!')" })
        .where('id = 9')
        .execute();
      await builder().delete().from(Book).where('id = :id', { id: 1 }).execute();
      await books().createQueryBuilder().softDelete().where('id = 2').execute();
      await books().createQueryBuilder().softDelete().where('id = 3').execute();
      await books().createQueryBuilder().restore().where('id = 3').execute();
    });
    expect(await fleet.rows('us1', 'SELECT id FROM book WHERE deletedAt IS NULL')).toEqual([
      { id: 3 },
      { id: 4 },
    ]);
    expect(await fleet.rows('us1', 'SELECT name FROM author WHERE id = 9')).toEqual([
      { name: 'inserted!' },
    ]);
    expect(await fleet.rows('us2', 'SELECT COUNT(*) n FROM book WHERE deletedAt IS NULL')).toEqual([
      { n: 4 },
    ]);
  });

  it('of relations load, set, add and remove', async () => {
    const loaded = await onBoth(fleet, async () => {
      const builder = () => fleet.dataSource.createQueryBuilder();
      await builder().relation(Book, 'author').of(1).set(2);
      await builder().relation(Author, 'books').of(1).add(2);
      const many = await builder().relation(Author, 'books').of(2).loadMany<Book>();
      const one = await builder().relation(Book, 'author').of(1).loadOne<Author>();
      return [many.map(({ title }) => title).sort(), one?.name];
    });
    expect(loaded).toEqual([
      [['us1 b1', 'us1 b4'], 'us1 a2'],
      [['us2 b1', 'us2 b4'], 'us2 a2'],
    ]);
  });
});

describe('a builder made on one shard', () => {
  it('is refused on another with RUNNER_MISPLACED, and runs at home from outside', async () => {
    const builder = await onFirst(fleet, () =>
      Promise.resolve({ it: books().createQueryBuilder('book').where('book.id = 1') }),
    );
    await expect(onSecond(fleet, () => builder.it.getOne())).rejects.toMatchObject({
      code: 'RUNNER_MISPLACED',
    });
    expect((await builder.it.getOneOrFail()).title).toBe('us1 b1');
  });

  it('that writes is refused on another as well', async () => {
    const builder = await onFirst(fleet, () =>
      Promise.resolve({ it: books().createQueryBuilder().update().set({ title: 'x' }) }),
    );
    await expect(onSecond(fleet, () => builder.it.execute())).rejects.toMatchObject({
      code: 'RUNNER_MISPLACED',
    });
    expect(await fleet.rows('us2', "SELECT id FROM book WHERE title = 'x'")).toEqual([]);
  });
});
