import type { Server } from 'node:http';
import express from 'express';
import Fastify from 'fastify';
import { Hono, type Context } from 'hono';
import Koa from 'koa';
import { afterEach, describe, expect, it } from 'vitest';
import { expressShardContext } from '@switchyard/shard-context/express';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { honoShardContext, honoShardErrors } from '@switchyard/shard-context/hono';
import { connectShardContext } from '@switchyard/shard-context/http';
import { koaShardContext, koaShardErrors } from '@switchyard/shard-context/koa';
import {
  context,
  get,
  here,
  key,
  keyOf,
  listen,
  listenHono,
  locator,
  send,
  stop,
} from './raw-http.ts';

let server: Server;
afterEach(() => stop(server));

const other = ({ headers }: { headers: NodeJS.Dict<string | string[]> }) => key(headers['x-other']);
const ofHono = (name: string) => (hono: Context) => key(hono.req.header(name));

/** One application in another, each with an adapter: the outer reads x-user, the inner x-other. */
const NESTED: Record<string, () => Promise<Server>> = {
  'Hono in Hono'() {
    const inner = new Hono();
    inner.onError(honoShardErrors);
    inner.use(honoShardContext({ locator, context, keyOf: ofHono('x-other') }));
    inner.get('/', (hono) => hono.text(`ran at ${here()}`));
    const outer = new Hono();
    outer.use(honoShardContext({ locator, context, keyOf: ofHono('x-user') }));
    outer.mount('/', inner.fetch);
    return listenHono(outer);
  },
  'Koa in Express'() {
    const koa = new Koa();
    koa.use(koaShardErrors);
    koa.use(koaShardContext({ locator, context, keyOf: other }));
    koa.use((inner) => void (inner.body = `ran at ${here()}`));
    const app = express();
    app.use(expressShardContext({ locator, context, keyOf }));
    const handle = koa.callback();
    app.use((request, response) => void handle(request, response));
    return listen(app);
  },
  async 'Fastify behind Connect middleware'() {
    const app = Fastify();
    const outer = connectShardContext({ locator, context, keyOf });
    app.addHook('onRequest', (request, reply, done) => {
      outer(request.raw, reply.raw, done as (error?: unknown) => void);
    });
    await app.register(fastifyShardContext, { locator, context, keyOf: other });
    app.setErrorHandler(fastifyShardErrors);
    app.get('/', () => Promise.resolve(`ran at ${here()}`));
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },
};

describe.each(Object.entries(NESTED))('a second adapter on one request: %s', (_name, start) => {
  it('stays at the place of the first, whose lock refuses another key', async () => {
    server = await start();
    const same = await send(server, get('/', 'anna', 'x-other: anna\r\n'), /\r\n\r\n./);
    expect(same).toContain('ran at anna');
    const keyless = await send(server, get('/', 'anna'), /\r\n\r\n./);
    expect(keyless).toContain('ran at anna');
    const refused = await send(server, get('/', 'anna', 'x-other: bert\r\n'), /\r\n\r\n./);
    expect(refused).toContain('SHARD_LOCKED');
    expect(refused).not.toContain('ran at');
  });
});
