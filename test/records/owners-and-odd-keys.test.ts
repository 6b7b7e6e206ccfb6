import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './harmless.ts';
import {
  Folder,
  Paper,
  Chair,
  Order,
  Page,
  Head,
  Hat,
  refillRooms,
  startRooms,
  TABLES,
} from './rooms.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startRooms();
});
beforeEach(() => refillRooms(fleet));
afterAll(() => fleet?.stop());

const writes = new Writes(() => fleet, TABLES);
const { harmless, ours } = writes;
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('an owner that is named by a unique column which is never updated is not believed, by', () => {
  const lie = { id: 1, name: 'changed', code: 'B' };
  it('save child with a written owner', () =>
    harmless(() => repo(Paper).save(any<Paper>({ id: 9, folder: lie }))));
  it('save moves child', () =>
    harmless(() => repo(Paper).save(any<Paper>({ id: 1, folder: lie }))));
  it('save owner with children', () =>
    harmless(() => repo(Folder).save(any<Folder>({ ...lie, papers: [{ id: 9 }] }))));
  it('save owner takes theirs', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ ...lie, papers: [{ id: 1 }] })),
      'SELECT * FROM paper ORDER BY id',
      [
        { id: 1, folderCode: 'A' },
        { id: 2, folderCode: 'B' },
      ],
    ));
  it('stub with another code', () =>
    harmless(() => repo(Paper).save(any<Paper>({ id: 9, folder: { id: 1, code: 'B' } }))));
});

describe('half of a composite key leads to no other tenant’s owner, by', () => {
  it('criteria, half of the key', () =>
    harmless(() => repo(Chair).update({ id: 1 }, { roomNo: 2 })));
  it('criteria, other half', () => harmless(() => repo(Chair).update({ id: 1 }, { house: 'y' })));
  it('save, half of the key', () => harmless(() => repo(Chair).save({ id: 1, roomNo: 2 })));
  it('save, other half', () => harmless(() => repo(Chair).save({ id: 1, house: 'y' })));
  it('save, other half of one without lamp', () =>
    harmless(() => repo(Chair).save({ id: 3, house: 'y' })));
  it('save all columns', () =>
    harmless(() => repo(Chair).save({ id: 3, house: 'y', roomNo: 1, lampNo: 1 })));
  it('save loaded, other half', () =>
    harmless(async () => {
      const chair = await repo(Chair).findOneByOrFail({ id: 3 });
      chair.house = 'y';
      await repo(Chair).save(chair);
    }));
  it('save loaded, half', () =>
    harmless(async () => {
      const chair = await repo(Chair).findOneByOrFail({ id: 3 });
      chair.roomNo = 2;
      await repo(Chair).save(chair);
    }));
  it('save, lamp object', () =>
    harmless(() => repo(Chair).save(any<Chair>({ id: 3, lamp: { house: 'y', no: 1 } }))));
  it('criteria, lamp object', () =>
    harmless(() => repo(Chair).update({ id: 3 }, any({ lamp: { house: 'y', no: 1 } }))));
  it('increment of a key', () => harmless(() => repo(Chair).increment({ id: 3 }, 'roomNo', 1)));
  it('upsert, half', () =>
    harmless(() =>
      repo(Chair).upsert({ id: 3, house: 'y', roomNo: 1 }, { conflictPaths: ['id'] }),
    ));
  it('orUpdate, half', () =>
    harmless(() =>
      repo(Chair)
        .createQueryBuilder()
        .insert()
        .values({ id: 3, house: 'x', roomNo: 1, lampNo: 1 })
        .orUpdate(['roomNo'])
        .execute(),
    ));
});

describe('a number for a key of text finds no row of another tenant, by', () => {
  it('remove', () =>
    harmless(async () => {
      await repo(Order).remove(any<Order>(Object.assign(new Order(), { no: 5 })));
      await fleet.rows('us1', "INSERT IGNORE INTO `order` VALUES ('5','t_1','mine')");
    }));
  it('save', () =>
    harmless(async () => {
      await repo(Order).save(any<Order>({ no: 5, text: 'taken' }));
      await fleet.rows('us1', "UPDATE `order` SET text='mine' WHERE no = '5'");
    }));
  it('remove with an object', () =>
    harmless(() => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: { no: 1 } })))));
  it('remove with true', () =>
    harmless(() => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: true })))));
  it('remove with 0', () =>
    harmless(() => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: 0 })))));
});

describe('a materialized path leads to no node of another tenant, by', () => {
  it('move of a node whose id is a pattern', () =>
    harmless(async () => {
      const p = (await repo(Page).findOneBy({ id: 'a_c' }))!;
      p.parent = (await repo(Page).findOneBy({ id: 'top' }))!;
      await repo(Page).save(p);
      await fleet.rows('us1', "UPDATE page SET mpath='a_c.', parentId=NULL WHERE id='a_c'");
    }));
  it('move of a node whose id begins another', () =>
    harmless(async () => {
      const p = (await repo(Page).findOneBy({ id: 'p' }))!;
      p.parent = (await repo(Page).findOneBy({ id: 'top' }))!;
      await repo(Page).save(p);
      await fleet.rows('us1', "UPDATE page SET mpath='p.', parentId=NULL WHERE id='p'");
    }));
  it('under theirs', () =>
    harmless(async () => {
      await repo(Page).save(any<Page>({ id: 'n', parent: { id: 'abc' } }));
    }));
  it('takes theirs', () =>
    harmless(async () => {
      await repo(Page).save(any<Page>({ id: 'top', children: [{ id: 'abc' }] }));
    }));
});

describe('a one-to-one relation takes nothing from its other side, by', () => {
  it('takes a hat', () => harmless(() => repo(Head).save(any<Head>({ id: 1, hat: { id: 2 } }))));
  it('takes a hat with change', () =>
    harmless(() => repo(Head).save(any<Head>({ id: 1, hat: { id: 2, tenantId: 't_1' } }))));
  it('takes a hat raw', () => harmless(() => repo(Head).save(any<Head>({ id: 1, hat: 2 }))));
  it('relation builder', () =>
    harmless(() => fleet.dataSource.createQueryBuilder().relation(Head, 'hat').of(1).set(2)));
  it('tenant null', () => harmless(() => repo(Hat).save({ id: 1, tenantId: null })));
  it('tenant null by criteria', () =>
    harmless(() => repo(Hat).update({ id: 1 }, { tenantId: null })));
});
