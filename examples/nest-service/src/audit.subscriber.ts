import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource, EntitySubscriberInterface, InsertEvent } from 'typeorm';
import { Account, AuditEntry } from './entities.ts';

/** A subscriber with injected dependencies, put in place as @nestjs/typeorm's documentation says. */
@Injectable()
export class AuditSubscriber implements EntitySubscriberInterface<Account> {
  constructor(@InjectDataSource() dataSource: DataSource) {
    dataSource.subscribers.push(this);
  }

  listenTo(): typeof Account {
    return Account;
  }

  /** In the transaction of the insert, so on its shard and for its tenant. */
  async afterInsert({ manager, entity }: InsertEvent<Account>): Promise<void> {
    await manager.save(AuditEntry, { what: `added ${entity.name}` });
  }
}
