import 'reflect-metadata';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { SwitchyardFleet } from '@switchyard/fleet';
import { keyInHeader } from '@switchyard/shard-context/http';
import { ShardContextModule, ShardExceptionFilter } from '@switchyard/shard-context/nestjs';
import { AccountsController } from './accounts.controller.ts';
import { AccountsService } from './accounts.service.ts';
import { AuditSubscriber } from './audit.subscriber.ts';
import { Account, AuditEntry } from './entities.ts';

/** The application. `dataSourceFactory` is the only line that differs from one database. */
@Module({})
export class AppModule {
  static of({ dataSource, routing }: Pick<SwitchyardFleet, 'dataSource' | 'routing'>) {
    return {
      module: AppModule,
      imports: [
        ShardContextModule.forRoot({ ...routing, keyOf: keyInHeader('x-api-key') }),
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ type: 'mysql' }),
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        TypeOrmModule.forFeature([Account, AuditEntry]),
      ],
      controllers: [AccountsController],
      providers: [
        AccountsService,
        AuditSubscriber,
        { provide: APP_FILTER, useClass: ShardExceptionFilter },
      ],
    } satisfies DynamicModule;
  }
}
