import type { IncomingMessage } from 'node:http';
import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestModule,
} from '@nestjs/common';
import { connectShardContext, type ShardRequests } from '../http/index.ts';

const SHARD_REQUESTS = Symbol('switchyard.shard-requests');

/** How the options of a `ShardContextModule` are made from other providers. */
export interface ShardContextModuleOptions {
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: FactoryProvider['inject'];
  readonly useFactory: (
    ...injected: never[]
  ) => ShardRequests<IncomingMessage> | Promise<ShardRequests<IncomingMessage>>;
}

/**
 * Nest module: every route runs in the locked context of its request's tenant. It is middleware,
 * because guards cannot wrap the handlers that follow them, and it is global, so that it runs before the
 * middleware of other modules. `keyOf` gets Node's own request on both platforms.
 *
 * ```ts
 * imports: [ShardContextModule.forRoot({ locator, context, keyOf })]
 * ```
 */
@Module({})
export class ShardContextModule implements NestModule {
  readonly #requests: ShardRequests<IncomingMessage>;

  constructor(@Inject(SHARD_REQUESTS) requests: ShardRequests<IncomingMessage>) {
    this.#requests = requests;
  }

  /** The module with options that exist already. */
  static forRoot(requests: ShardRequests<IncomingMessage>): DynamicModule {
    return ShardContextModule.forRootAsync({ useFactory: () => requests });
  }

  /** The module with options that are made from other providers. */
  static forRootAsync({ imports, inject, useFactory }: ShardContextModuleOptions): DynamicModule {
    return {
      module: ShardContextModule,
      global: true,
      imports: imports ?? [],
      providers: [
        {
          provide: SHARD_REQUESTS,
          inject: inject ?? [],
          useFactory: useFactory as FactoryProvider['useFactory'],
        },
      ],
    };
  }

  /** Called by Nest. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(connectShardContext(this.#requests)).forRoutes('{*path}');
  }
}
