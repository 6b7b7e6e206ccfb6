import type { Server } from 'node:http';
import express from 'express';
import Fastify from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { expressShardContext, expressShardErrors } from '@switchyard/shard-context/express';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { headerValue } from '@switchyard/shard-context/http';
import { asked, context, get, here, key, listen, locator, send, stop } from './raw-http.ts';

let server: Server;
afterEach(() => stop(server));

type KeyOf = Parameters<typeof expressShardContext>[0]['keyOf'];

/** Started inside a context: a request that passes by mistake would run in it. */
function startExpress(keyOf: KeyOf): Promise<Server> {
  const app = express().set('env', 'test');
  app.use(expressShardContext({ locator, context, keyOf }));
  app.get('/', (_request, response) => void response.send(`ran at ${here()}`));
  app.use(expressShardErrors);
  return context.onShard('us3', () => listen(app));
}

describe('a keyOf that fails', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['the word that skips a route', 'route'],
    ['the word that skips a router', 'router'],
    ['an error', new TypeError('bad token')],
  ])('with %s keeps the route from running (Express)', async (_what, reason) => {
    server = await startExpress(() => Promise.reject(reason));
    const answer = await send(server, get('/', 'anna'), /\r\n\r\n./);
    expect(answer).toContain('HTTP/1.1 500');
    expect(answer).not.toContain('ran at');
  });

  it('with nothing keeps the route from running (Fastify)', async () => {
    const app = Fastify();
    await app.register(fastifyShardContext, { locator, context, keyOf: () => Promise.reject() });
    app.get('/', () => Promise.resolve(`ran at ${here()}`));
    await context.onShard('us3', () => app.listen({ port: 0, host: '127.0.0.1' }));
    ({ server } = app);
    const answer = await send(server, get('/', 'anna'), /\r\n\r\n./);
    expect(answer).toContain('HTTP/1.1 500');
    expect(answer).not.toContain('ran at');
  });
});

describe('a key that is none', () => {
  it.each([
    ['null', null],
    ['half a character', { kind: 'user', value: 'x\ud800' }],
    ['a key without a value', { kind: 'user' }],
  ])('is malformed: %s', async (_what, none) => {
    server = await startExpress(() => none as never);
    const answer = await send(server, get('/', 'anna'), /\r\n\r\n./);
    expect(answer).toContain('ROUTING_KEY_MALFORMED');
    expect(answer).toContain('HTTP/1.1 400');
  });

  it.each(['x-user', 'authorization'])(
    'is malformed: a header that was sent twice, and the directory is not asked (%s)',
    async (name) => {
      server = await startExpress((request) => key(headerValue(request, name.toUpperCase())));
      asked.length = 0;
      const twice = get('/', undefined, `${name}: anna\r\n${name}: bert\r\n`);
      expect(await send(server, twice, /\r\n\r\n./)).toContain('ROUTING_KEY_MALFORMED');
      expect(asked).toEqual([]);
      const once = await send(server, get('/', undefined, `${name}: anna\r\n`), /\r\n\r\n./);
      expect(once).toContain('ran at anna');
      expect(await send(server, get('/'), /\r\n\r\n./)).toContain('ran at null');
    },
  );
});
