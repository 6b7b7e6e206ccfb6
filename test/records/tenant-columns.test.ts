import { Sharded } from '@switchyard/models';
import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** The tenant as a number. */
@Sharded({ tenant: 'customer' })
@Entity()
class Bill {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'int', name: 'customer_no' }) customer!: number;
  @Column({ type: 'int', default: 0 }) cents!: number;
}

class Owner {
  @Column({ type: 'int', name: 'no' }) customer!: number;
}

/** The tenant in an embedded. */
@Sharded({ tenant: 'owner.customer' })
@Entity()
class Letter {
  @PrimaryColumn({ type: 'binary', length: 2 }) id!: Buffer;
  @Column(() => Owner) owner!: Owner;
  @Column({ type: 'varchar', length: 20, default: '' }) text!: string;
}

/** The tenant in another form than the column keeps it, and as the key of a relation. */
@Sharded({ tenant: 'no' })
@Entity()
class Customer {
  @PrimaryColumn({
    type: 'varchar',
    length: 20,
    transformer: {
      to: (value?: string) => value && `c${value}`,
      from: (value: string) => value.slice(1),
    },
  })
  no!: string;
  @Column({ type: 'varchar', length: 20 }) name!: string;
}

@Sharded({ tenant: 'customerNo' })
@Entity()
class Visit {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'int' }) customerNo!: number;
  @ManyToOne(() => Bill, { nullable: true }) @JoinColumn({ name: 'bill_id' }) bill!: Bill | null;
  @Column({ type: 'int', name: 'bill_id', nullable: true }) billId!: number | null;
}

/** Whose rows they are stands two relations away. */
@Sharded({ tenant: { through: 'visit' } })
@Entity()
class Photo {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @ManyToOne(() => Visit) visit!: Visit;
}
@Sharded({ tenant: { through: 'photo' } })
@Entity()
class Tile {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @ManyToOne(() => Photo) photo!: Photo;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Bill, Letter, Customer, Visit, Photo, Tile],
    tenants: { us1: ['41', '42'] },
    sql: [
      'INSERT INTO bill VALUES (1, 41, 0), (2, 42, 0)',
      "INSERT INTO letter (id, ownerNo, text) VALUES ('aa', 41, ''), ('bb', 42, '')",
      "INSERT INTO customer VALUES ('c41', 'mine'), ('c42', 'theirs')",
      'INSERT INTO visit VALUES (1, 41, NULL), (2, 42, NULL)',
      'INSERT INTO photo VALUES (1, 1), (2, 2)',
      'INSERT INTO tile VALUES (1, 1), (2, 2)',
    ],
  });
});
afterAll(() => fleet?.stop());

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);
const as41 = <T>(fn: () => T): T => fleet.onTenant('us1', '41', fn);
const refused = (write: () => Promise<unknown>) =>
  expect(as41(write)).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });

describe('a tenant column', () => {
  it('may be a number: stamped as one, and compared as one', async () => {
    const saved = await as41(() => repo(Bill).save({ id: 3 }));
    expect(saved.customer).toBe(41);
    await as41(() => repo(Bill).save({ id: 1, customer: 41, cents: 5 }));
    await as41(() => repo(Bill).updateAll({ cents: 7 }));
    await refused(() => repo(Bill).save({ id: 2, cents: 9 }));
    await refused(() => repo(Bill).insert({ id: 9, customer: 42 }));
    expect(await fleet.rows('us1', 'SELECT cents FROM bill ORDER BY id')).toEqual([
      { cents: 7 },
      { cents: 0 },
      { cents: 7 },
    ]);
  });

  it('may stand in an embedded, beside a binary key', async () => {
    const saved = await as41(() => repo(Letter).save({ id: Buffer.from('cc'), text: 'new' }));
    expect(saved.owner.customer).toBe(41);
    await as41(() => repo(Letter).update({ id: Buffer.from('bb') }, { text: 'taken' }));
    await refused(() => repo(Letter).save({ id: Buffer.from('bb'), text: 'taken' }));
    expect(await fleet.rows('us1', "SELECT text FROM letter WHERE id = 'bb'")).toEqual([
      { text: '' },
    ]);
  });

  it('may be the key itself, and kept in another form by a transformer', async () => {
    await as41(() => repo(Customer).updateAll({ name: 'renamed' }));
    await refused(() => repo(Customer).save({ no: '42', name: 'taken' }));
    expect(await fleet.rows('us1', 'SELECT no, name FROM customer ORDER BY no')).toEqual([
      { no: 'c41', name: 'renamed' },
      { no: 'c42', name: 'theirs' },
    ]);
  });
});

describe('an owner', () => {
  it('named by a plain column that is also a join column is asked for', async () => {
    await as41(() => repo(Visit).save({ id: 3, billId: 1 }));
    await refused(() => repo(Visit).save({ id: 4, billId: 2 }));
    await refused(() => repo(Visit).insert({ id: 4, billId: 2 }));
    await refused(() => repo(Visit).update({ id: 1 }, { billId: 2 }));
    expect(await fleet.rows('us1', 'SELECT id FROM visit WHERE bill_id = 2')).toEqual([]);
  });

  it('two relations away says whose the row is', async () => {
    await as41(() => repo(Tile).save({ id: 3, photo: { id: 1 } }));
    await refused(() => repo(Tile).save({ id: 4, photo: { id: 2 } }));
    await refused(() => repo(Tile).remove({ id: 2 } as Tile));
    await as41(() => repo(Tile).createQueryBuilder().delete().execute());
    expect(await fleet.rows('us1', 'SELECT id FROM tile')).toEqual([{ id: 2 }]);
  });
});
