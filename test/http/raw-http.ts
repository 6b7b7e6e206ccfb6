import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { createAdaptorServer } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import {
  currentFrame,
  defineTopology,
  ShardContext,
  type Locator,
} from '@switchyard/shard-context';
import { KeyUnknownError } from '@switchyard/shard-context/internal';
import { expressShardContext } from '@switchyard/shard-context/express';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { honoShardContext } from '@switchyard/shard-context/hono';
import { koaShardContext } from '@switchyard/shard-context/koa';

/** For bytes on real sockets, where only the place matters: a topology without databases. */
export const context = new ShardContext(
  defineTopology({
    fleet: 'wire',
    regions: ['us'],
    servers: [
      {
        name: 's',
        region: 'us',
        engine: 'mysql',
        writer: { host: 'db.invalid' },
        credentials: () => ({ user: 'u', password: 'p' }),
      },
    ],
    shards: ['us1', 'us2', 'us3'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  }),
);

/** What the directory was asked for. */
export const asked: string[] = [];

/** Anna lives on us1, Bert on us2. */
export const locator: Locator = {
  async locateKey({ kind, value }) {
    asked.push(value);
    await pause(2);
    const shard = { anna: 'us1', bert: 'us2' }[value];
    if (shard === undefined) throw new KeyUnknownError(kind);
    return { tenant: value, shard, epoch: 1, state: 'active' };
  },
  locateTenant: () => Promise.reject(new TypeError('not asked here')),
};

/** A header as a routing key. */
export function key(value: string | string[] | undefined) {
  return value === undefined ? undefined : { kind: 'user', value: value as string };
}

/** The key of Node's request. */
export const keyOf = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) =>
  key(headers['x-user']);

/** The tenant or shard at whose place code runs; null for none. */
export function here(): string | null {
  const place = currentFrame()?.place;
  return place?.tenant ?? place?.shard ?? null;
}

/** A request as it goes over the wire. */
export function get(path: string, user?: string, more = ''): string {
  const name = user === undefined ? '' : `x-user: ${user}\r\n`;
  return `GET ${path} HTTP/1.1\r\nHost: h\r\n${name}${more}\r\n`;
}

export function open(server: Server): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  return socket.setEncoding('latin1').on('error', () => undefined);
}

/** Sends bytes on one connection and answers what came back by the time it matched. */
export async function send(server: Server, bytes: string, until: RegExp): Promise<string> {
  const socket = open(server);
  let got = '';
  socket.on('data', (piece: string) => (got += piece));
  socket.write(bytes);
  const deadline = Date.now() + 10_000;
  while (!until.test(got) && Date.now() < deadline && !socket.destroyed) await pause(5);
  socket.destroy();
  return got;
}

export async function listen(listener: RequestListener): Promise<Server> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function listenHono(app: Hono): Promise<Server> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function stop(server: Server): void {
  server.close();
  server.closeAllConnections();
}

/** A server of each host with two routes: `/slow` answers late, `/stream` sends a body. */
export const HOSTS: Record<string, (body: () => Readable) => Promise<Server>> = {
  Express(body) {
    const app = express();
    app.use(expressShardContext({ locator, context, keyOf }));
    app.get('/slow', async (_request, response) => void response.send(await pause(200, 'slow')));
    app.get('/stream', (_request, response) => {
      const readable = body();
      response.on('close', () => readable.destroy());
      readable.pipe(response);
    });
    return listen(app);
  },
  async Fastify(body) {
    const app = Fastify({ forceCloseConnections: true });
    await app.register(fastifyShardContext, { locator, context, keyOf });
    app.get('/slow', () => pause(200, 'slow'));
    app.get('/stream', (_request, reply) => reply.send(body()));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
  Koa(body) {
    const app = new Koa();
    app.silent = true;
    app.use(koaShardContext({ locator, context, keyOf }));
    app.use(async (koa) => {
      koa.body = koa.path === '/slow' ? await pause(200, 'slow') : body();
    });
    return listen(app.callback());
  },
  Hono(body) {
    const app = new Hono();
    const ofHono = (hono: { req: { header(name: string): string | undefined } }) =>
      key(hono.req.header('x-user'));
    app.use(honoShardContext({ locator, context, keyOf: ofHono }));
    app.get('/slow', async (hono) => hono.text(await pause(200, 'slow')));
    app.get('/stream', () => new Response(Readable.toWeb(body()) as ReadableStream));
    return listenHono(app);
  },
};
