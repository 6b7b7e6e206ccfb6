import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ShardedDataSource } from '@switchyard/models';
import {
  ShardContext,
  type LockFile,
  type Locator,
  type RoutingKey,
  type Topology,
} from '@switchyard/shard-context';
import { ShardContextModule, ShardExceptionFilter } from '@switchyard/shard-context/nestjs';
import { AccountsController } from './accounts.controller.ts';
import { AccountsService } from './accounts.service.ts';
import { AuditSubscriber } from './audit.subscriber.ts';
import { Account, AuditEntry } from './entities.ts';

/** What the application is told about the fleet. */
export interface Fleet {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  /** Key → tenant → shard: the directory. */
  readonly locator: Locator;
}

/** The application. `dataSourceFactory` is the only line that differs from one database. */
@Module({})
export class AppModule {
  static of({ topology, lockFile, locator }: Fleet): DynamicModule {
    const context = new ShardContext(topology);
    return {
      module: AppModule,
      imports: [
        ShardContextModule.forRoot({ locator, context, keyOf }),
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ type: 'mysql', entities: [Account, AuditEntry] }),
          dataSourceFactory: (options) =>
            Promise.resolve(
              new ShardedDataSource({ topology, lockFile, entities: options?.entities ?? [] }),
            ),
        }),
        TypeOrmModule.forFeature([Account, AuditEntry]),
      ],
      controllers: [AccountsController],
      providers: [
        AccountsService,
        AuditSubscriber,
        { provide: APP_FILTER, useClass: ShardExceptionFilter },
      ],
    };
  }
}

/** Where the key stands in a request of ours. */
function keyOf({ headers }: IncomingMessage): RoutingKey | undefined {
  const value = headers['x-api-key'];
  return typeof value === 'string' ? { kind: 'api-key', value } : undefined;
}
