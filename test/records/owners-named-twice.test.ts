import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './harmless.ts';
import { Org, Folder, Doc, refillRooms, startRooms, TABLES } from './rooms.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startRooms();
});
beforeEach(() => refillRooms(fleet));
afterAll(() => fleet?.stop());

const writes = new Writes(() => fleet, TABLES);
const { harmless, ours } = writes;
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('a tenant column that is a join column gives no row away, and takes none, by', () => {
  it('save raw id', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('save raw id beside', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', orgId: 't_1', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('save raw id update', () =>
    harmless(() => repo(Folder).save(any<Folder>({ id: 1, org: 't_2' }))));
  it('save raw id update beside', () =>
    harmless(() => repo(Folder).save(any<Folder>({ id: 1, orgId: 't_1', org: 't_2' }))));
  it('save object', () =>
    harmless(() => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', org: { id: 't_2' } }))));
  it('save object update', () =>
    harmless(() => repo(Folder).save(any<Folder>({ id: 1, org: { id: 't_2' } }))));
  it('save object update beside', () =>
    harmless(() => repo(Folder).save(any<Folder>({ id: 1, orgId: 't_1', org: { id: 't_2' } }))));
  it('insert raw', () =>
    ours(
      () => repo(Folder).insert(any({ id: 9, code: 'Z', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('insert object', () =>
    harmless(() => repo(Folder).insert(any({ id: 9, code: 'Z', org: { id: 't_2' } }))));
  it('insert object beside', () =>
    harmless(() =>
      repo(Folder).insert(any({ id: 9, code: 'Z', orgId: 't_1', org: { id: 't_2' } })),
    ));
  it('update raw', () => harmless(() => repo(Folder).update({ id: 1 }, any({ org: 't_2' }))));
  it('update object', () =>
    harmless(() => repo(Folder).update({ id: 1 }, any({ org: { id: 't_2' } }))));
  it('update object beside', () =>
    harmless(() => repo(Folder).update({ id: 1 }, any({ orgId: 't_1', org: { id: 't_2' } }))));
  it('update object fn', () =>
    harmless(() => repo(Folder).update({ id: 1 }, any({ org: { id: () => "'t_2'" } }))));
  it('upsert object', () =>
    harmless(() => repo(Folder).upsert(any({ id: 1, code: 'A', org: { id: 't_2' } }), ['id'])));
  it('relation set', () =>
    harmless(() => fleet.dataSource.createQueryBuilder().relation(Folder, 'org').of(1).set('t_2')));
  it('inverse relation add: give away', () =>
    harmless(() =>
      fleet.dataSource.createQueryBuilder().relation(Org, 'folders').of('t_2').add(1),
    ));
  it('inverse relation add: take', () =>
    harmless(() =>
      fleet.dataSource.createQueryBuilder().relation(Org, 'folders').of('t_1').add(2),
    ));
  it('inverse save: give away', () =>
    harmless(() => repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 1 }, { id: 2 }] }))));
  it('inverse save: take', () =>
    harmless(() => repo(Org).save(any<Org>({ id: 't_1', folders: [{ id: 1 }, { id: 2 }] }))));
  it('inverse save: orphans', () =>
    harmless(() => repo(Org).save(any<Org>({ id: 't_2', folders: [] }))));
  it('inverse save: new given', () =>
    harmless(() =>
      repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 2 }, { id: 9, code: 'Z' }] })),
    ));
  it('m2m from none: theirs', () =>
    harmless(() => repo(Org).save(any<Org>({ id: 't_1', shared: [{ id: 2 }] }))));
  it('m2m from none: theirs raw', () =>
    harmless(() => repo(Org).save(any<Org>({ id: 't_1', shared: [2] }))));
});

describe('an owner that is named twice, or taken away, leads to no other tenant and to nobody, by', () => {
  it('raw relation beside column, insert', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 9, folder: 1, folderId: 2 }))));
  it('column beside raw relation, insert', () =>
    ours(
      () => repo(Doc).save(any<Doc>({ id: 9, folderId: 1, folder: 2 })),
      'SELECT folderId FROM doc WHERE id = 9',
      [{ folderId: 1 }],
    ));
  it('raw relation beside column, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folder: 1, folderId: 2 }))));
  it('column beside raw relation, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folderId: 1, folder: 2 }))));
  it('object beside column, insert', () =>
    harmless(async () => {
      await repo(Doc).save(any<Doc>({ id: 9, folder: { id: 1 }, folderId: 2 }));
      const [r] = await fleet.rows('us1', 'SELECT folderId FROM doc WHERE id=9');
      if (r?.folderId === 1) await fleet.rows('us1', 'DELETE FROM doc WHERE id=9');
    }));
  it('object beside column, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folder: { id: 1 }, folderId: 2 }))));
  it('null relation beside column, insert', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 9, folder: null, folderId: 2 }))));
  it('null relation beside column, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folder: null, folderId: 2 }))));
  it('empty object beside column, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folder: {}, folderId: 2 }))));
  it('null column beside relation, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folder: 1, folderId: null }))));
  it('null column, update', () =>
    harmless(() => repo(Doc).save(any<Doc>({ id: 1, folderId: null }))));
  it('criteria raw beside', () =>
    harmless(() => repo(Doc).update({ id: 1 }, any({ folder: 1, folderId: 2 }))));
  it('criteria beside raw', () =>
    harmless(() => repo(Doc).update({ id: 1 }, any({ folderId: 1, folder: 2 }))));
  it('criteria null owner', () =>
    harmless(() => repo(Doc).update({ id: 1 }, any({ folder: null }))));
  it('criteria null owner column', () =>
    harmless(() => repo(Doc).update({ id: 1 }, any({ folderId: null }))));
  it('relation builder null owner', () =>
    harmless(() => fleet.dataSource.createQueryBuilder().relation(Doc, 'folder').of(1).set(null)));
  it('upsert raw beside', () =>
    harmless(() => repo(Doc).upsert(any({ id: 1, folder: 1, folderId: 2 }), ['id'])));
  it('upsert beside raw', () =>
    harmless(() => repo(Doc).upsert(any({ id: 1, folderId: 1, folder: 2 }), ['id'])));
  it('insert beside raw', () =>
    harmless(async () => repo(Doc).insert(any({ id: 9, folderId: 2, folder: 1 }))));
});
