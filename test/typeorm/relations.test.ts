import { originOf, Sharded } from '@switchyard/models';
import { outsideContext } from '@switchyard/shard-context';
import {
  Column,
  DeleteDateColumn,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Person {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @DeleteDateColumn({ type: 'datetime' }) deletedAt!: Date | null;
  @OneToOne(() => Passport, (passport) => passport.person, { cascade: true })
  passport!: Relation<Passport>;
  @OneToMany(() => Car, (car) => car.owner, { cascade: true })
  cars!: Car[];
  @ManyToMany(() => Club, (club) => club.members, { cascade: true })
  @JoinTable()
  clubs!: Club[];
  @ManyToOne(() => Person, (person) => person.reports, { nullable: true }) boss!: Person | null;
  @OneToMany(() => Person, (person) => person.boss) reports!: Person[];
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Passport {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) code!: string;
  @OneToOne(() => Person, (person) => person.passport, { onDelete: 'CASCADE' })
  @JoinColumn()
  person!: Person;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Car {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) plate!: string;
  @DeleteDateColumn({ type: 'datetime' }) deletedAt!: Date | null;
  @ManyToOne(() => Person, (person) => person.cars, { nullable: true, orphanedRowAction: 'delete' })
  owner!: Person;
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Club {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @ManyToMany(() => Person, (person) => person.clubs, { lazy: true }) members!: Promise<Person[]>;
  @ManyToOne(() => Person, { eager: true, nullable: true }) chair!: Person | null;
  @ManyToOne(() => Person, { lazy: true, nullable: true }) treasurer!: Promise<Person | null>;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Person, Passport, Car, Club]);
});
beforeEach(async () => {
  await empty(fleet, 'person_clubs_club', 'club', 'car', 'passport', 'person');
  await onBoth(fleet, (shard) => save(shard));
});
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

/** One person with everything that cascades, with the same ids on each shard. */
async function save(shard: string): Promise<void> {
  await repo(Person).save({ id: 2, name: `boss ${shard}` });
  await repo(Person).save({
    id: 1,
    name: `ann ${shard}`,
    boss: { id: 2 },
    passport: { id: 1, code: `code ${shard}` },
    cars: [
      { id: 1, plate: `one ${shard}` },
      { id: 2, plate: `two ${shard}` },
    ],
    clubs: [{ id: 1, name: `club ${shard}`, chair: { id: 2 } }],
  });
}

const everything = { passport: true, cars: true, clubs: true, boss: true, reports: true } as const;
const ann = () => repo(Person).findOneOrFail({ where: { id: 1 }, relations: everything });

describe('relations', () => {
  it('of every kind are saved by cascade and loaded by join', async () => {
    const found = await onBoth(fleet, async () => {
      const person = await ann();
      return [
        person.passport.code,
        person.cars.map(({ plate }) => plate).sort(),
        person.clubs.map(({ name, chair }) => [name, chair?.name]),
        person.boss?.name,
      ];
    });
    const expected = (shard: string) => [
      `code ${shard}`,
      [`one ${shard}`, `two ${shard}`],
      [[`club ${shard}`, `boss ${shard}`]],
      `boss ${shard}`,
    ];
    expect(found).toEqual([expected('us1'), expected('us2')]);
  });

  it('are loaded by separate queries with relationLoadStrategy: query', async () => {
    const found = await onBoth(fleet, async () => {
      const person = await repo(Person).findOneOrFail({
        where: { id: 1 },
        relations: everything,
        relationLoadStrategy: 'query',
      });
      return [person.passport.code, person.cars.length, person.clubs[0]?.name, person.boss?.name];
    });
    expect(found).toEqual([
      ['code us1', 2, 'club us1', 'boss us1'],
      ['code us2', 2, 'club us2', 'boss us2'],
    ]);
  });

  it('that are filtered and ordered by their own columns stay on the shard', async () => {
    const found = await onBoth(fleet, async () => {
      const people = await repo(Person).find({
        where: { boss: { id: 2 }, clubs: { name: 'club us1' } },
        order: { cars: { plate: 'DESC' } },
        relations: { cars: true },
      });
      return people.map(({ cars }) => cars.map(({ plate }) => plate));
    });
    expect(found).toEqual([[['two us1', 'one us1']], []]);
  });

  it('are updated, orphaned and detached by cascade', async () => {
    await onFirst(fleet, async () => {
      const person = await ann();
      person.cars = person.cars.filter(({ id }) => id === 1);
      (person.cars[0] as Car).plate = 'repainted';
      person.clubs = [];
      person.passport.code = 'renewed';
      person.boss = null;
      await repo(Person).save(person);
    });
    expect(await fleet.rows('us1', 'SELECT id, plate FROM car')).toEqual([
      { id: 1, plate: 'repainted' },
    ]);
    expect(await fleet.rows('us1', 'SELECT * FROM person_clubs_club')).toEqual([]);
    expect(await fleet.rows('us1', 'SELECT code FROM passport')).toEqual([{ code: 'renewed' }]);
    expect(await fleet.rows('us2', 'SELECT COUNT(*) n FROM car')).toEqual([{ n: 2 }]);
    expect(await fleet.rows('us2', 'SELECT * FROM person_clubs_club')).toHaveLength(1);
  });

  it('are soft-removed, recovered and removed by cascade', async () => {
    const gone = 'SELECT COUNT(*) n FROM car WHERE deletedAt IS NOT NULL';
    await onFirst(fleet, async () => repo(Person).softRemove(await withCars()));
    expect(await fleet.rows('us1', gone)).toEqual([{ n: 2 }]);
    await onFirst(fleet, async () => {
      const person = await repo(Person).findOneOrFail({
        where: { id: 1 },
        relations: { cars: true },
        withDeleted: true,
      });
      await repo(Person).recover(person);
    });
    expect(await fleet.rows('us1', gone)).toEqual([{ n: 0 }]);
    await onFirst(fleet, async () => {
      const person = await withCars();
      await repo(Car).remove(person.cars);
      await repo(Person).remove(person);
    });
    expect(await fleet.rows('us1', 'SELECT id FROM person')).toEqual([{ id: 2 }]);
    expect(await fleet.rows('us2', 'SELECT id FROM person')).toHaveLength(2);
  });
});

const withCars = () => repo(Person).findOneOrFail({ where: { id: 1 }, relations: { cars: true } });

describe('a lazy relation', () => {
  it('loads from its own shard wherever it is awaited, and from outside', async () => {
    const [one, two] = await onBoth(fleet, () => repo(Club).findOneByOrFail({ id: 1 }));
    const members = await onSecond(fleet, () => one.members);
    expect(members.map(({ name }) => name)).toEqual(['ann us1']);
    expect((await two.members).map(({ name }) => name)).toEqual(['ann us2']);
  });

  it('loads from the shard of the runner that loaded its record: a transaction’s, a named shard’s', async () => {
    const { dataSource } = fleet;
    const where = { id: 1 };
    const byTransaction = await onFirst(fleet, () =>
      dataSource.transaction((manager) => manager.findOneByOrFail(Club, where)),
    );
    const byName = await dataSource.shard('us1').getRepository(Club).findOneByOrFail(where);
    const byRunner = await onFirst(fleet, async () => {
      const runner = dataSource.createQueryRunner();
      const found = await outsideContext(() => runner.manager.findOneByOrFail(Club, where));
      await runner.release();
      return found;
    });
    for (const club of [byTransaction, byName, byRunner]) {
      const members = await onSecond(fleet, () => club.members);
      expect(members.map(({ name }) => name)).toEqual(['ann us1']);
      expect(originOf(club)).toMatchObject({ shard: 'us1' });
    }
  });

  it('of a thousand loads interleaved over both shards never crosses', async () => {
    const clubs = await Promise.all(
      Array.from({ length: 100 }, () => onBoth(fleet, () => repo(Club).findOneByOrFail({ id: 1 }))),
    );
    const names = await Promise.all(
      clubs.flatMap(([one, two]) => [
        onSecond(fleet, () => one.members),
        onFirst(fleet, () => two.members),
      ]),
    );
    const strays = names.filter(
      ([member], i) => member?.name !== (i % 2 === 0 ? 'ann us1' : 'ann us2'),
    );
    expect(strays).toEqual([]);
  });

  it('of an object that was never loaded follows the context', async () => {
    const made = new Club();
    made.id = 1;
    const found = await onSecond(fleet, () => made.members);
    expect(found.map(({ name }) => name)).toEqual(['ann us2']);
  });

  it('that cannot be loaded rejects, and does not crash the process', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const made = new Club();
    made.id = 1;
    await expect(made.members).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('is set to a promise and saved', async () => {
    await onFirst(fleet, async () => {
      const club = await repo(Club).findOneByOrFail({ id: 1 });
      club.treasurer = Promise.resolve(await repo(Person).findOneByOrFail({ id: 2 }));
      await repo(Club).save(club);
    });
    expect(await fleet.rows('us1', 'SELECT treasurerId FROM club')).toEqual([{ treasurerId: 2 }]);
    expect(await fleet.rows('us2', 'SELECT treasurerId FROM club')).toEqual([
      { treasurerId: null },
    ]);
  });
});
