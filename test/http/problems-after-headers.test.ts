import 'reflect-metadata';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Module, Res } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { afterEach, expect, it } from 'vitest';
import { StaleRouteError } from '@switchyard/shard-context/internal';
import { expressShardErrors } from '@switchyard/shard-context/express';
import { fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { honoShardErrors } from '@switchyard/shard-context/hono';
import { koaShardErrors } from '@switchyard/shard-context/koa';
import { ShardExceptionFilter } from '@switchyard/shard-context/nestjs';
import { listen, listenHono, stop } from './raw-http.ts';

/** What a download says of its file before the query for its content fails. */
const OF_A_FILE = {
  'content-length': '5',
  'content-encoding': 'gzip',
  'content-disposition': 'attachment; filename="a.gz"',
  etag: '"1"',
  'cache-control': 'public, max-age=3600',
};

function fails(): never {
  throw new StaleRouteError({ attempted: 'x', shard: 'us1', tenant: 'anna', seenEpoch: 1 });
}

@Controller()
class Files {
  @Get()
  file(@Res({ passthrough: true }) response: express.Response): void {
    response.set(OF_A_FILE);
    fails();
  }
}

@Module({
  controllers: [Files],
  providers: [{ provide: APP_FILTER, useClass: ShardExceptionFilter }],
})
class Service {}

const HOSTS: Record<string, () => Promise<Server>> = {
  Express() {
    const app = express();
    app.get('/', (_request, response) => {
      response.set(OF_A_FILE);
      fails();
    });
    app.use(expressShardErrors);
    return listen(app);
  },
  async Fastify() {
    const app = Fastify();
    app.setErrorHandler(fastifyShardErrors);
    app.get('/', async (_request, reply) => {
      await Promise.resolve();
      reply.headers(OF_A_FILE);
      fails();
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  Koa() {
    const app = new Koa();
    app.use(koaShardErrors);
    app.use((koa) => {
      koa.set(OF_A_FILE);
      fails();
    });
    return listen(app.callback());
  },
  Hono() {
    const app = new Hono();
    app.onError(honoShardErrors);
    app.get('/', (hono) => {
      for (const [name, value] of Object.entries(OF_A_FILE)) hono.header(name, value);
      fails();
    });
    return listenHono(app);
  },
  async Nest() {
    const app = await NestFactory.create(Service, { logger: false });
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer() as Server;
  },
};

let server: Server;
afterEach(() => stop(server));

it.each(Object.entries(HOSTS))(
  'a problem is whole on %s, whatever its route said of a body before it failed',
  async (_name, start) => {
    server = await start();
    const { port } = server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const errors: unknown[] = [];
    for (let n = 0; n < 2; n++) {
      const call = request({ port, agent }).end();
      call.on('error', (error) => errors.push(error));
      const [response] = (await once(call, 'response')) as [IncomingMessage];
      expect(JSON.parse(await text(response))).toMatchObject({ code: 'STALE_ROUTE' });
      expect(response.statusCode).toBe(503);
      const { headers } = response;
      expect(headers['cache-control']).toBe('no-store');
      expect(headers.etag).not.toBe(OF_A_FILE.etag);
      for (const name of ['content-encoding', 'content-disposition']) {
        expect(headers, name).not.toHaveProperty(name);
      }
    }
    agent.destroy();
    expect(errors).toEqual([]);
  },
);
