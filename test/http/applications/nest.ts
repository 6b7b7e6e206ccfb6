import 'reflect-metadata';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Module,
  Param,
  Post,
  Res,
  Sse,
  StreamableFile,
  type INestApplication,
  type CanActivate,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { from, map, type Observable } from 'rxjs';
import { currentFrame } from '@switchyard/shard-context';
import { ShardContextModule, ShardExceptionFilter } from '@switchyard/shard-context/nestjs';
import type { Application } from '../conformance.ts';
import { apiKey, type House } from '../house.ts';
import {
  beforeRoute,
  echo,
  eventPlaces,
  fail,
  lines,
  openAccount,
  outliveClient,
  trySwitch,
} from '../routes.ts';

/** Nest on each of its platforms. */
export const startNest = {
  onExpress: (house: House) => start(house, new ExpressAdapter()),
  onFastify: (house: House) => start(house, new FastifyAdapter()),
};

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

  @Post('accounts')
  @HttpCode(200)
  openAccount(@Body() body: object): Promise<object> {
    return openAccount(this.#house, body);
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

  @Sse('events')
  events(): Observable<{ data: object }> {
    return from(eventPlaces()).pipe(map((place) => ({ data: place ?? {} })));
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
      { provide: APP_GUARD, useValue: logging(house) },
      { provide: APP_FILTER, useClass: ShardExceptionFilter },
    ],
  })
  class ServiceModule {}

  const app: INestApplication = await NestFactory.create(ServiceModule, platform, {
    logger: false,
    forceCloseConnections: true,
  });
  await app.listen(0, '127.0.0.1');
  return { server: app.getHttpServer() as Server, close: () => app.close() };
}

/** Guards run after all middleware, before interceptors and pipes. */
function logging(house: House): CanActivate {
  return {
    canActivate: () => {
      beforeRoute(house);
      return true;
    },
  };
}
