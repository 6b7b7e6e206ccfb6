import { Sharded } from '@switchyard/models';
import { currentFrame } from '@switchyard/shard-context';
import {
  AfterInsert,
  AfterLoad,
  AfterUpdate,
  BeforeInsert,
  BeforeRemove,
  BeforeUpdate,
  Column,
  Entity,
  EventSubscriber,
  PrimaryColumn,
  type EntitySubscriberInterface,
  type InsertEvent,
  type UpdateEvent,
} from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { empty, onBoth, onFirst, onSecond, startPlaces } from './house.ts';

const heard: string[] = [];
const hear = (event: string) => void heard.push(`${event} ${currentFrame()?.place?.shard}`);

@Sharded({ tenant: 'tenantId' })
@Entity()
class Task {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 40 }) name!: string;
  @Column({ type: 'varchar', length: 40, default: '' }) changed!: string;
  @BeforeInsert() beforeInsert() {
    hear('beforeInsert');
    this.changed = 'by listener';
  }
  @AfterInsert() afterInsert() {
    hear('afterInsert');
  }
  @BeforeUpdate() beforeUpdate() {
    hear('beforeUpdate');
  }
  @AfterUpdate() afterUpdate() {
    hear('afterUpdate');
  }
  @BeforeRemove() beforeRemove() {
    hear('beforeRemove');
  }
  @AfterLoad() afterLoad() {
    hear('afterLoad');
  }
}

@Sharded({ tenant: 'tenantId' })
@Entity()
class Audit {
  @PrimaryColumn({ type: 'varchar', length: 60 }) id!: string;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
}

@EventSubscriber()
class TaskSubscriber implements EntitySubscriberInterface<Task> {
  listenTo() {
    return Task;
  }
  async afterInsert({ manager, entity }: InsertEvent<Task>): Promise<void> {
    hear('subscriber afterInsert');
    await manager.save(Audit, { id: `audit of ${entity.name}` });
  }
  beforeUpdate({ databaseEntity, updatedColumns }: UpdateEvent<Task>): void {
    hear(`subscriber ${databaseEntity?.name} ${updatedColumns.map((c) => c.propertyName).join()}`);
  }
  beforeTransactionStart() {
    hear('beforeTransactionStart');
  }
  afterTransactionCommit() {
    hear('afterTransactionCommit');
  }
  afterTransactionRollback() {
    hear('afterTransactionRollback');
  }
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Task, Audit], { subscribers: [TaskSubscriber] });
});
beforeEach(async () => {
  await empty(fleet, 'task', 'audit');
  heard.length = 0;
});
afterAll(() => fleet?.stop());

const tasks = () => fleet.dataSource.getRepository(Task);

describe('listeners and subscribers', () => {
  it('hear every event of their graph in the context of its shard', async () => {
    await onFirst(fleet, async () => {
      const task = await tasks().save(tasks().create({ id: 1, name: 'one' }));
      task.name = 'two';
      await tasks().save(task);
      await tasks().findOneByOrFail({ id: 1 });
      await tasks().remove(task);
    });
    expect(heard.every((event) => event.endsWith(' us1'))).toBe(true);
    for (const event of [
      'beforeInsert us1',
      'afterInsert us1',
      'subscriber afterInsert us1',
      'beforeUpdate us1',
      'subscriber one name us1',
      'afterUpdate us1',
      'afterLoad us1',
      'beforeRemove us1',
      'beforeTransactionStart us1',
      'afterTransactionCommit us1',
    ]) {
      expect(heard).toContain(event);
    }
  });

  it('write in the transaction of the event, on its shard', async () => {
    await onBoth(fleet, (shard) => tasks().save(tasks().create({ id: 1, name: shard })));
    for (const [shard, tenantId] of [
      ['us1', 't_1'],
      ['us2', 't_2'],
    ] as const) {
      const rows = await fleet.rows(shard, 'SELECT id, tenantId FROM audit');
      expect(rows).toEqual([{ id: `audit of ${shard}`, tenantId }]);
      const [task] = await fleet.rows(shard, 'SELECT changed FROM task');
      expect(task).toEqual({ changed: 'by listener' });
    }
  });

  it('hear the events of a manager where it belongs, though another context awaits it', async () => {
    const manager = await onFirst(fleet, () => Promise.resolve({ it: tasks() }));
    await onFirst(fleet, () => manager.it.save(manager.it.create({ id: 1, name: 'one' })));
    heard.length = 0;
    const query = onFirst(fleet, () => manager.it.findOneByOrFail({ id: 1 }));
    await onSecond(fleet, () => query);
    expect(heard).toEqual(['afterLoad us1']);
  });

  it('hear rollbacks', async () => {
    const failing = onFirst(fleet, () =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.save(Task, { id: 1, name: 'one' });
        throw new RangeError('no');
      }),
    );
    await expect(failing).rejects.toThrow(RangeError);
    expect(heard).toContain('afterTransactionRollback us1');
    expect(await fleet.rows('us1', 'SELECT * FROM audit')).toEqual([]);
  });

  it('that are pushed into dataSource.subscribers later are heard, as @nestjs/typeorm does', async () => {
    const later: string[] = [];
    const subscriber = {
      listenTo: () => Task,
      beforeInsert: ({ entity, dataSource, manager, queryRunner }: InsertEvent<Task>) => {
        later.push(entity.name);
        expect(dataSource).toBe(fleet.dataSource);
        expect(queryRunner.dataSource).toBe(fleet.dataSource);
        expect(queryRunner.manager).toBe(manager);
      },
      beforeQuery: ({ query }: { query: string }) => {
        if (query.startsWith('INSERT INTO `task`')) later.push('query');
      },
    };
    fleet.dataSource.subscribers.push(subscriber);
    await onBoth(fleet, (shard) => tasks().insert({ id: 2, name: shard }));
    fleet.dataSource.subscribers.splice(fleet.dataSource.subscribers.indexOf(subscriber), 1);
    expect(later.sort()).toEqual(['query', 'query', 'us1', 'us2']);
  });

  it('are left out with listeners: false and callListeners(false)', async () => {
    await onFirst(fleet, async () => {
      await tasks().save({ id: 1, name: 'quiet' }, { listeners: false, transaction: false });
      await tasks().createQueryBuilder().update().set({ name: 'x' }).callListeners(false).execute();
    });
    expect(heard.filter((event) => /insert|update/i.test(event))).toEqual([]);
    expect(await fleet.rows('us1', 'SELECT name FROM task')).toEqual([{ name: 'x' }]);
  });
});
