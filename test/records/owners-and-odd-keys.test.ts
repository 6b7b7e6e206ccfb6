import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './writes.ts';
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
const { refused, uncheckable, changesNothing, refusedByTheServer, ours } = writes;
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('an owner that is named by a unique column which is never updated is not believed, by', () => {
  const lie = { id: 1, name: 'changed', code: 'B' };
  it('a new child under an owner that is written with it', () =>
    refused(() => repo(Paper).save(any<Paper>({ id: 9, folder: lie }))));
  it('a child that is moved under an owner that is written with it', () =>
    refused(() => repo(Paper).save(any<Paper>({ id: 1, folder: lie }))));
  it('an owner that is saved with a new child', () =>
    refused(() => repo(Folder).save(any<Folder>({ ...lie, papers: [{ id: 9 }] }))));
  it('an owner that is saved with a child of ours, which stays where it was', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ ...lie, papers: [{ id: 1 }] })),
      'SELECT * FROM paper ORDER BY id',
      [
        { id: 1, folderCode: 'A' },
        { id: 2, folderCode: 'B' },
      ],
    ));
  it('a new child under an owner that is named only', () =>
    refused(() => repo(Paper).save(any<Paper>({ id: 9, folder: { id: 1, code: 'B' } }))));
});

describe('half of a composite key leads to no other tenant’s owner, by', () => {
  it('an update of its second half', () =>
    uncheckable(() => repo(Chair).update({ id: 1 }, { roomNo: 2 })));
  it('an update of its first half', () =>
    uncheckable(() => repo(Chair).update({ id: 1 }, { house: 'y' })));
  it('a save of its second half', () => refused(() => repo(Chair).save({ id: 1, roomNo: 2 })));
  it('a save of its first half', () => refused(() => repo(Chair).save({ id: 1, house: 'y' })));
  it('a save of its first half, where another relation that shares it is empty', () =>
    refused(() => repo(Chair).save({ id: 3, house: 'y' })));
  it('a save of all columns of two relations that share it', () =>
    refused(() => repo(Chair).save({ id: 3, house: 'y', roomNo: 1, lampNo: 1 })));
  it('a save of a loaded row whose first half was changed', () =>
    refused(async () => {
      const chair = await repo(Chair).findOneByOrFail({ id: 3 });
      chair.house = 'y';
      await repo(Chair).save(chair);
    }));
  it('a save of a loaded row whose second half was changed', () =>
    refused(async () => {
      const chair = await repo(Chair).findOneByOrFail({ id: 3 });
      chair.roomNo = 2;
      await repo(Chair).save(chair);
    }));
  it('a save of another relation that shares it', () =>
    refused(() => repo(Chair).save(any<Chair>({ id: 3, lamp: { house: 'y', no: 1 } }))));
  it('an update of another relation that shares it', () =>
    uncheckable(() => repo(Chair).update({ id: 3 }, any({ lamp: { house: 'y', no: 1 } }))));
  it('an increment', () => uncheckable(() => repo(Chair).increment({ id: 3 }, 'roomNo', 1)));
  it('an upsert', () =>
    refused(() => repo(Chair).upsert({ id: 3, house: 'y', roomNo: 1 }, { conflictPaths: ['id'] })));
  it('an insert that updates its second half where the row is there, to what it was', () =>
    changesNothing(() =>
      repo(Chair)
        .createQueryBuilder()
        .insert()
        .values({ id: 3, house: 'x', roomNo: 1, lampNo: 1 })
        .orUpdate(['roomNo'])
        .execute(),
    ));
});

describe('a number for a key of text finds no row of another tenant, by', () => {
  it('a removal, which finds the row of ours', () =>
    ours(
      () => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: 5 }))),
      'SELECT no, tenantId FROM `order`',
      [{ no: '05', tenantId: 't_2' }],
    ));
  it('a save, which the server refuses as a second row of ours', () =>
    refusedByTheServer(() => repo(Order).save(any<Order>({ no: 5, text: 'taken' }))));
  it('a removal by an object', () =>
    changesNothing(() =>
      repo(Order).remove(any<Order>(Object.assign(new Order(), { no: { no: 1 } }))),
    ));
  it('a removal by true', () =>
    changesNothing(() => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: true })))));
  it('a removal by 0', () =>
    changesNothing(() => repo(Order).remove(any<Order>(Object.assign(new Order(), { no: 0 })))));
});

describe('a materialized path leads to no node of another tenant, by', () => {
  it.each([
    ['is a pattern', 'a_c'],
    ['begins another’s', 'p'],
  ])('a move of a node whose id %s', (_what, id) =>
    ours(
      async () => {
        const page = (await repo(Page).findOneBy({ id }))!;
        page.parent = (await repo(Page).findOneBy({ id: 'top' }))!;
        await repo(Page).save(page);
      },
      `SELECT id, mpath, parentId FROM page WHERE tenantId = 't_2' OR id = '${id}' ORDER BY BINARY id`,
      [
        { id, mpath: `top.${id}.`, parentId: 'top' },
        { id: 'abc', mpath: 'abc.', parentId: null },
        { id: 'k', mpath: 'abc.k.', parentId: 'abc' },
        { id: 'p.q', mpath: 'p.q.', parentId: null },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    ),
  );
  it('a new node under one of theirs', () =>
    refused(async () => {
      await repo(Page).save(any<Page>({ id: 'n', parent: { id: 'abc' } }));
    }));
  it('a save of ours with a child of theirs', () =>
    refused(async () => {
      await repo(Page).save(any<Page>({ id: 'top', children: [{ id: 'abc' }] }));
    }));
});

describe('a one-to-one relation takes nothing from its other side, by', () => {
  it('a save with the row of another', () =>
    refused(() => repo(Head).save(any<Head>({ id: 1, hat: { id: 2 } }))));
  it('a save with the row of another, which says that it is ours', () =>
    refused(() => repo(Head).save(any<Head>({ id: 1, hat: { id: 2, tenantId: 't_1' } }))));
  it('a save with the bare id of the row of another', () =>
    changesNothing(() => repo(Head).save(any<Head>({ id: 1, hat: 2 }))));
  it('the relation builder', () =>
    changesNothing(() => fleet.dataSource.createQueryBuilder().relation(Head, 'hat').of(1).set(2)));
  it('a save without a tenant', () => refused(() => repo(Hat).save({ id: 1, tenantId: null })));
  it('an update to no tenant', () =>
    refused(() => repo(Hat).update({ id: 1 }, { tenantId: null })));
});
