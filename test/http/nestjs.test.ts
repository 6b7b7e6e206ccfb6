import 'reflect-metadata';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  Res,
  StreamableFile,
  type INestApplication,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { APP_FILTER, NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { currentFrame } from '@switchyard/shard-context';
import { ShardContextModule, ShardExceptionFilter } from '@switchyard/shard-context/nestjs';
import { describeHttpAdapter, type Application } from './conformance.ts';
import { apiKey, type House } from './house.ts';
import { beforeRoute, echo, events, fail, lines, outliveClient, trySwitch } from './routes.ts';

describeHttpAdapter('Nest on Express', (house) => start(house, new ExpressAdapter()));
describeHttpAdapter('Nest on Fastify', (house) => start(house, new FastifyAdapter()));

const HOUSE = Symbol('house');

@Controller()
class Routes {
  readonly #house: House;

  constructor(@Inject(HOUSE) house: House) {
    this.#house = house;
  }

  @Post('echo')
  @HttpCode(200)
  echo(@Body() body: object): Promise<unknown> {
    return echo(body);
  }

  @Get('switch')
  switch(): Promise<unknown> {
    this.#house.noted.set('switching', currentFrame());
    return trySwitch(this.#house.context);
  }

  @Get('stream')
  stream(): StreamableFile {
    this.#house.noted.set('streaming', currentFrame());
    return new StreamableFile(Readable.from(lines()));
  }

  @Get('events')
  @Header('content-type', 'text/event-stream')
  events(): StreamableFile {
    return new StreamableFile(Readable.from(events()), { type: 'text/event-stream' });
  }

  @Get('outlive')
  outlive(@Res({ passthrough: true }) response: ServerResponse | { raw: ServerResponse }) {
    return outliveClient(this.#house, 'raw' in response ? response.raw : response);
  }

  @Get('fail/:what')
  fail(@Param('what') what: string): never {
    return fail(what);
  }
}

async function start(house: House, platform: AbstractHttpAdapter): Promise<Application> {
  const { context, directory } = house;
  const keyOf = (request: IncomingMessage) => apiKey(request.headers['x-api-key']);

  @Module({
    imports: [ShardContextModule.forRoot({ locator: directory.locator, context, keyOf })],
    controllers: [Routes],
    providers: [
      { provide: HOUSE, useValue: house },
      { provide: APP_FILTER, useClass: ShardExceptionFilter },
    ],
  })
  class ServiceModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      const log = (_request: unknown, _response: unknown, next: () => void) => {
        beforeRoute(house);
        next();
      };
      consumer.apply(log).forRoutes('{*path}');
    }
  }

  const app: INestApplication = await NestFactory.create(ServiceModule, platform, {
    logger: false,
    forceCloseConnections: true,
  });
  await app.listen(0, '127.0.0.1');
  return { server: app.getHttpServer() as Server, close: () => app.close() };
}
