import { Sharded, shardedSchema } from '@switchyard/models';
import {
  BaseEntity,
  ChildEntity,
  Column,
  CreateDateColumn,
  Entity,
  EntitySchema,
  Generated,
  Index,
  ManyToOne,
  PrimaryColumn,
  TableInheritance,
  UpdateDateColumn,
  VersionColumn,
  ViewColumn,
  ViewEntity,
  VirtualColumn,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

class Money {
  @Column({ type: 'int' }) cents!: number;
  @Column({ type: 'char', length: 3 }) currency!: string;
}

abstract class Owned {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
@Index(['state', 'priority'])
class Order extends Owned {
  @Column(() => Money) price!: Money;
  @Column(() => Money, { prefix: 'paid' }) paid!: Money;
  @Column({ type: 'enum', enum: ['open', 'done'], default: 'open' }) state!: string;
  @Column({ type: 'int', default: 7 }) priority!: number;
  @Column({ type: 'json', nullable: true }) details!: { deep: number[] } | null;
  @Column({ type: 'simple-array', nullable: true }) tags!: string[] | null;
  @Column({
    type: 'varchar',
    length: 40,
    nullable: true,
    transformer: { to: (v?: string) => v && `x${v}`, from: (v?: string) => v && v.slice(1) },
  })
  secret!: string | null;
  @Column({ type: 'int', asExpression: 'priceCents * 2', generatedType: 'STORED' })
  doubled!: number;
  @Column({ type: 'varchar' }) @Generated('uuid') token!: string;
  @Column({ type: 'varchar', length: 10, select: false, default: 'hidden' }) hidden!: string;
  @CreateDateColumn({ type: 'datetime' }) createdAt!: Date;
  @UpdateDateColumn({ type: 'datetime' }) updatedAt!: Date;
  @VersionColumn({ type: 'int' }) version!: number;
  @VirtualColumn({
    type: 'int',
    query: (alias) => `SELECT COUNT(*) FROM part WHERE orderId = ${alias}.id`,
  })
  parts!: number;
}

@Sharded({ tenant: { through: 'order' } })
@Entity()
class Part {
  @PrimaryColumn({ type: 'int' }) orderId!: number;
  @PrimaryColumn({ type: 'int' }) position!: number;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @ManyToOne(() => Order) order!: Order;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
@TableInheritance({ column: { type: 'varchar', name: 'kind' } })
class Content extends Owned {
  @Column({ type: 'varchar', length: 40 }) title!: string;
}
@ChildEntity()
class Photo extends Content {
  @Column({ type: 'int', nullable: true }) size!: number;
}
@ChildEntity('question')
class Question extends Content {
  @Column({ type: 'int', nullable: true }) answers!: number;
}

@Sharded({ tenant: 'none' })
@ViewEntity({ expression: 'SELECT id, title FROM content WHERE id < 100', name: 'titles' })
class Titles {
  @ViewColumn() id!: number;
  @ViewColumn() title!: string;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Active extends BaseEntity {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
}

interface Note {
  id: number;
  tenantId: string;
  text: string;
}
const NoteSchema = shardedSchema(
  new EntitySchema<Note>({
    name: 'Note',
    columns: {
      id: { type: Number, primary: true },
      tenantId: { type: 'varchar', length: 20 },
      text: { type: 'varchar', length: 40 },
    },
  }),
  { tenant: 'tenantId' },
);

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Order, Part, Content, Photo, Question, Titles, Active, NoteSchema]);
});
beforeEach(() => empty(fleet, 'part', 'order', 'content', 'active', 'note'));
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('columns of every kind', () => {
  const order = (shard: string) => ({
    id: 1,
    price: { cents: shard === 'us1' ? 100 : 200, currency: 'EUR' },
    paid: { cents: 1, currency: 'USD' },
    details: { deep: [1, 2] },
    tags: ['a', shard],
    secret: `secret ${shard}`,
  });

  it('are written and read back on their shard, defaults and generated ones included', async () => {
    const found = await onBoth(fleet, async (shard) => {
      const saved = await repo(Order).save(order(shard));
      const row = await repo(Order).findOneByOrFail({ id: 1, price: { currency: 'EUR' } });
      return [
        saved.priority,
        saved.state,
        saved.version,
        saved.createdAt instanceof Date,
        typeof saved.token,
        row.price.cents,
        row.paid.currency,
        row.details,
        row.tags,
        row.secret,
        row.doubled,
        Number(row.parts),
        row.hidden,
      ];
    });
    const expected = (shard: string, cents: number) => [
      ...[7, 'open', 1, true, 'string', cents, 'USD', { deep: [1, 2] }, ['a', shard]],
      ...[`secret ${shard}`, cents * 2, 0, undefined],
    ];
    expect(found).toEqual([expected('us1', 100), expected('us2', 200)]);
  });

  it('raise their version and update date, and read columns that are not selected', async () => {
    const found = await onBoth(fleet, async (shard) => {
      const saved = await repo(Order).save(order(shard));
      saved.state = 'done';
      await repo(Order).save(saved);
      const row = await repo(Order)
        .createQueryBuilder('o')
        .addSelect('o.hidden')
        .where('o.id = 1')
        .getOneOrFail();
      return [saved.version, row.version, row.hidden];
    });
    expect(found).toEqual([
      [2, 2, 'hidden'],
      [2, 2, 'hidden'],
    ]);
  });

  it('of composite keys, and counted by a virtual column', async () => {
    const found = await onBoth(fleet, async (shard) => {
      await repo(Order).save(order(shard));
      await repo(Part).save([
        { orderId: 1, position: 1, name: `one ${shard}`, order: { id: 1 } },
        { orderId: 1, position: 2, name: `two ${shard}`, order: { id: 1 } },
      ]);
      await repo(Part).update({ orderId: 1, position: 2 }, { name: `second ${shard}` });
      await repo(Part).delete({ orderId: 1, position: 1 });
      const part = await repo(Part).findOneByOrFail({ orderId: 1, position: 2 });
      return [part.name, Number((await repo(Order).findOneByOrFail({ id: 1 })).parts)];
    });
    expect(found).toEqual([
      ['second us1', 1],
      ['second us2', 1],
    ]);
  });
});

describe('inheritance', () => {
  it('in one table keeps classes, their view and shards apart', async () => {
    const found = await onBoth(fleet, async (shard) => {
      await repo(Photo).save({ id: 1, title: `photo ${shard}`, size: 5 });
      await repo(Question).insert({ id: 2, title: `question ${shard}`, answers: 3 });
      await repo(Question).update({ title: `photo ${shard}` }, { title: 'never' });
      const all = await repo(Content).find({ order: { id: 'ASC' } });
      const views = await repo(Titles).find({ order: { id: 'ASC' } });
      return [
        all.map((row) => [row.constructor.name, row.title]),
        await repo(Photo).count(),
        views.map(({ title }) => title),
      ];
    });
    const expected = (shard: string) => [
      [
        ['Photo', `photo ${shard}`],
        ['Question', `question ${shard}`],
      ],
      1,
      [`photo ${shard}`, `question ${shard}`],
    ];
    expect(found).toEqual([expected('us1'), expected('us2')]);
  });

  it('passes the declaration to child entities', async () => {
    const save = onFirst(fleet, () => repo(Photo).save({ id: 1, title: 'x', tenantId: 't_2' }));
    await expect(save).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
  });
});

describe('BaseEntity', () => {
  it('reads, creates, saves, reloads and removes by its own methods, on the context’s shard', async () => {
    const found = await onBoth(fleet, async (shard) => {
      await Active.create({ id: 1, name: `one ${shard}` }).save();
      await Active.insert({ id: 2, name: 'two' });
      await Active.update({ id: 2 }, { name: `2 ${shard}` });
      const one = await Active.findOneByOrFail({ id: 1 });
      one.name = 'unsaved';
      await one.reload();
      const two = await Active.findOneByOrFail({ id: 2 });
      await Active.save(Active.merge(two, { name: `${two.name}!` }));
      await (await Active.findOneByOrFail({ id: 2 })).remove();
      return [one.name, two.name, await Active.count()];
    });
    expect(found).toEqual([
      ['one us1', '2 us1!', 1],
      ['one us2', '2 us2!', 1],
    ]);
  });

  it('is refused on another shard for save, remove and reload of a record', async () => {
    const one = await onFirst(fleet, () => Active.create({ id: 1, name: 'a' }).save());
    await onSecond(fleet, () => Active.insert({ id: 1, name: 'other' }));
    const uses: (() => Promise<unknown>)[] = [
      () => one.save(),
      () => one.remove(),
      () => one.reload(),
    ];
    for (const use of uses) {
      await expect(onSecond(fleet, use)).rejects.toMatchObject({ code: 'RECORD_MISPLACED' });
    }
    expect(await fleet.rows('us2', 'SELECT name FROM active')).toEqual([{ name: 'other' }]);
    expect(one.name).toBe('a');
    await fleet.rows('us1', "UPDATE active SET name = 'changed'");
    await onFirst(fleet, () => one.reload());
    expect(one.name).toBe('changed');
  });

  it('is refused without a context, and leads to no data source made last', async () => {
    await fleet.open({ entities: [Active] }); // TypeORM leads BaseEntity to the one made last
    await expect(Active.count()).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    const found = await onBoth(fleet, async (shard) => {
      await Active.insert({ id: 1, name: shard });
      return (await Active.findOneByOrFail({ id: 1 })).name;
    });
    expect(found).toEqual(['us1', 'us2']);
  });
});

describe('EntitySchema', () => {
  it('is stamped, checked and kept on its shard', async () => {
    const notes = () => fleet.dataSource.getRepository<Note>(NoteSchema);
    const found = await onBoth(fleet, async (shard) => {
      await notes().save({ id: 1, text: `note ${shard}` });
      return notes().findOneByOrFail({ id: 1 });
    });
    expect(found).toEqual([
      { id: 1, text: 'note us1', tenantId: 't_1' },
      { id: 1, text: 'note us2', tenantId: 't_2' },
    ]);
    const [one] = found;
    await expect(onSecond(fleet, () => notes().save(one))).rejects.toMatchObject({
      code: 'RECORD_MISPLACED',
    });
    const foreign = { id: 2, text: 'x', tenantId: 't_2' };
    await expect(onFirst(fleet, () => notes().save(foreign))).rejects.toMatchObject({
      code: 'TENANT_MISMATCH',
    });
  });
});
