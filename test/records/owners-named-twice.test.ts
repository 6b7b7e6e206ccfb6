import { afterAll, beforeAll, beforeEach, describe, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { any, Writes } from './writes.ts';
import { Org, Folder, Doc, refillRooms, startRooms, TABLES } from './rooms.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startRooms();
});
beforeEach(() => refillRooms(fleet));
afterAll(() => fleet?.stop());

const writes = new Writes(() => fleet, TABLES);
const { refused, uncheckable, changesNothing, ours } = writes;
const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

describe('a tenant column that is a join column gives no row away, and takes none, by', () => {
  it('saving a new row with the bare id of another for the relation', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('saving a new row with our id in the column and the bare id of another in the relation', () =>
    ours(
      () => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', orgId: 't_1', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('saving a row of ours with the bare id of another for the relation', () =>
    refused(() => repo(Folder).save(any<Folder>({ id: 1, org: 't_2' }))));
  it('saving a row of ours with our id in the column and the bare id of another in the relation', () =>
    refused(() => repo(Folder).save(any<Folder>({ id: 1, orgId: 't_1', org: 't_2' }))));
  it('saving a new row under another', () =>
    refused(() => repo(Folder).save(any<Folder>({ id: 9, code: 'Z', org: { id: 't_2' } }))));
  it('saving a row of ours under another', () =>
    refused(() => repo(Folder).save(any<Folder>({ id: 1, org: { id: 't_2' } }))));
  it('saving a row of ours with our id in the column and another in the relation', () =>
    refused(() => repo(Folder).save(any<Folder>({ id: 1, orgId: 't_1', org: { id: 't_2' } }))));
  it('inserting a row with the bare id of another for the relation', () =>
    ours(
      () => repo(Folder).insert(any({ id: 9, code: 'Z', org: 't_2' })),
      'SELECT orgId FROM folder WHERE id = 9',
      [{ orgId: 't_1' }],
    ));
  it('inserting a row under another', () =>
    refused(() => repo(Folder).insert(any({ id: 9, code: 'Z', org: { id: 't_2' } }))));
  it('inserting a row with our id in the column and another in the relation', () =>
    refused(() =>
      repo(Folder).insert(any({ id: 9, code: 'Z', orgId: 't_1', org: { id: 't_2' } })),
    ));
  it('updating the relation to the bare id of another', () =>
    refused(() => repo(Folder).update({ id: 1 }, any({ org: 't_2' }))));
  it('updating the relation to another', () =>
    refused(() => repo(Folder).update({ id: 1 }, any({ org: { id: 't_2' } }))));
  it('updating the column to ours and the relation to another', () =>
    refused(() => repo(Folder).update({ id: 1 }, any({ orgId: 't_1', org: { id: 't_2' } }))));
  it('updating the relation to an SQL expression', () =>
    uncheckable(() => repo(Folder).update({ id: 1 }, any({ org: { id: () => "'t_2'" } }))));
  it('upserting a row of ours under another', () =>
    refused(() => repo(Folder).upsert(any({ id: 1, code: 'A', org: { id: 't_2' } }), ['id'])));
  it('setting the relation to another by its builder', () =>
    refused(() => fleet.dataSource.createQueryBuilder().relation(Folder, 'org').of(1).set('t_2')));
  it('adding a row of ours to another by the builder of the other side', () =>
    refused(() => fleet.dataSource.createQueryBuilder().relation(Org, 'folders').of('t_2').add(1)));
  it('adding a row of another to ours by the builder of the other side', () =>
    changesNothing(() =>
      fleet.dataSource.createQueryBuilder().relation(Org, 'folders').of('t_1').add(2),
    ));
  it('saving another with a row of ours on the other side', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 1 }, { id: 2 }] }))));
  it('saving ours with a row of another on the other side', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_1', folders: [{ id: 1 }, { id: 2 }] }))));
  it('saving another without its rows', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_2', folders: [] }))));
  it('saving another with a new row', () =>
    refused(() =>
      repo(Org).save(any<Org>({ id: 't_2', folders: [{ id: 2 }, { id: 9, code: 'Z' }] })),
    ));
  it('relating reference data to a row of another', () =>
    refused(() => repo(Org).save(any<Org>({ id: 't_1', shared: [{ id: 2 }] }))));
  it('relating reference data to the bare id of a row of another', () =>
    changesNothing(() => repo(Org).save(any<Org>({ id: 't_1', shared: [2] }))));
});

describe('an owner that is named twice, or taken away, leads to no other tenant and to no one, by', () => {
  it('a new row with our id in the relation and another in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 9, folder: 1, folderId: 2 }))));
  it('a new row with our id in the column and a bare id of another in the relation', () =>
    ours(
      () => repo(Doc).save(any<Doc>({ id: 9, folderId: 1, folder: 2 })),
      'SELECT folderId FROM doc WHERE id = 9',
      [{ folderId: 1 }],
    ));
  it('a save with our bare id in the relation and another in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folder: 1, folderId: 2 }))));
  it('a save with our id in the column and a bare id of another in the relation', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folderId: 1, folder: 2 }))));
  it('a new row with ours in the relation and another in the column, which is ours then', () =>
    ours(
      () => repo(Doc).save(any<Doc>({ id: 9, folder: { id: 1 }, folderId: 2 })),
      'SELECT folderId FROM doc WHERE id = 9',
      [{ folderId: 1 }],
    ));
  it('a save with ours in the relation and another in the column', () =>
    changesNothing(() => repo(Doc).save(any<Doc>({ id: 1, folder: { id: 1 }, folderId: 2 }))));
  it('a new row with NULL in the relation and another in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 9, folder: null, folderId: 2 }))));
  it('a save with NULL in the relation and another in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folder: null, folderId: 2 }))));
  it('a save with an owner without id and another in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folder: {}, folderId: 2 }))));
  it('a save with NULL in the column and a bare id of ours in the relation', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folder: 1, folderId: null }))));
  it('a save with NULL in the column', () =>
    refused(() => repo(Doc).save(any<Doc>({ id: 1, folderId: null }))));
  it('an update with our bare id in the relation and another in the column', () =>
    refused(() => repo(Doc).update({ id: 1 }, any({ folder: 1, folderId: 2 }))));
  it('an update with our id in the column and a bare id of another in the relation', () =>
    changesNothing(() => repo(Doc).update({ id: 1 }, any({ folderId: 1, folder: 2 }))));
  it('an update of the relation to NULL', () =>
    refused(() => repo(Doc).update({ id: 1 }, any({ folder: null }))));
  it('an update of the column to NULL', () =>
    refused(() => repo(Doc).update({ id: 1 }, any({ folderId: null }))));
  it('the relation builder, set to NULL', () =>
    refused(() => fleet.dataSource.createQueryBuilder().relation(Doc, 'folder').of(1).set(null)));
  it('an upsert with our bare id in the relation and another in the column', () =>
    refused(() => repo(Doc).upsert(any({ id: 1, folder: 1, folderId: 2 }), ['id'])));
  it('an upsert with our id in the column and a bare id of another in the relation', () =>
    changesNothing(() => repo(Doc).upsert(any({ id: 1, folderId: 1, folder: 2 }), ['id'])));
  it('an insert with another in the column and our bare id in the relation', () =>
    refused(async () => repo(Doc).insert(any({ id: 9, folderId: 2, folder: 1 }))));
});
