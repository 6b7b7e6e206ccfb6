import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import express, { type ErrorRequestHandler } from 'express';
import Fastify, { type FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { currentFrame, type Frame } from '@switchyard/shard-context';
import { expressShardContext } from '@switchyard/shard-context/express';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { context, get, here, HOSTS, keyOf, listen, locator, open, send, stop } from './raw-http.ts';

/** A body that is larger than what the connection takes at once. */
function body(places: unknown[], ends: unknown[]): Readable {
  async function* pieces() {
    try {
      for (let i = 0; i < 200; i++) {
        await Promise.resolve();
        places.push(here());
        yield Buffer.alloc(65_536, 'x');
      }
      yield Buffer.from('THE END');
    } finally {
      ends.push(here());
    }
  }
  return Readable.from(pieces());
}

/** Started inside a context on purpose: a server must not hand its starter's to requests. */
const inside = <T>(start: () => T): T => context.onShard('us3', start, { lock: true });

describe.each(Object.entries(HOSTS))('a streamed body of %s', (_name, start) => {
  it('ends at its place when it is cut under back-pressure', async () => {
    const places: unknown[] = [];
    const ends: unknown[] = [];
    const server = await inside(() => start(() => body(places, ends)));
    const socket = open(server).pause();
    socket.write(get('/stream', 'anna'));
    await expect.poll(() => places.length).toBeGreaterThan(2);
    await pause(50);
    socket.destroy();
    await expect.poll(() => ends.length).toBe(1);
    stop(server);
    expect(new Set(places)).toEqual(new Set(['anna']));
    expect(ends).toEqual(['anna']);
  });

  it('runs and ends at its place behind another request on the connection', async () => {
    const places: unknown[] = [];
    const ends: unknown[] = [];
    const server = await inside(() => start(() => body(places, ends)));
    await send(server, get('/slow', 'anna') + get('/stream', 'bert'), /THE END/);
    await expect.poll(() => ends.length).toBe(1);
    stop(server);
    expect(new Set(places)).toEqual(new Set(['bert']));
    expect(ends).toEqual(['bert']);
  });
});

describe('hooks of Fastify', () => {
  async function application(notes: unknown[]) {
    const app = Fastify({ forceCloseConnections: true, connectionTimeout: 300 });
    await app.register(fastifyShardContext, {
      locator,
      context,
      keyOf: (request: FastifyRequest) => {
        if (request.headers['x-bad'] !== undefined) throw new TypeError('bad token');
        return keyOf(request);
      },
    });
    app.addHook('onSend', async (request) => void notes.push(`send ${request.url} ${here()}`));
    app.addHook('onResponse', async (request) => void notes.push(`sent ${request.url} ${here()}`));
    app.addHook('onTimeout', async (request) => void notes.push(`late ${request.url} ${here()}`));
    app.setErrorHandler((_error, request, reply) => {
      notes.push(`error ${request.url} ${here()}`);
      return reply.code(401).send('bad token');
    });
    app.get('/slow', () => pause(100, 'slow'));
    app.get('/fast', () => Promise.resolve('fast'));
    app.get('/stuck', () => pause(600, 'stuck'));
    await inside(() => app.listen({ port: 0, host: '127.0.0.1' }));
    return app;
  }

  it('run at the place of their request, whatever came before it on the connection', async () => {
    const notes: string[] = [];
    const app = await application(notes);
    const requests = [get('/slow', 'anna'), get('/fast', 'bert'), get('/fast?keyless')];
    await send(app.server, requests.join('') + get('/slow?last', 'bert'), /slow[\s\S]*slow/);
    await expect.poll(() => notes.filter((note) => note.startsWith('sent'))).toHaveLength(4);
    await app.close();
    expect(notes.filter((note) => note.startsWith('sent'))).toEqual([
      'sent /slow anna',
      'sent /fast bert',
      'sent /fast?keyless null',
      'sent /slow?last bert',
    ]);
  });

  it('run outside every context where the request has none, also in a server started in one', async () => {
    const notes: string[] = [];
    const app = await application(notes);
    await send(app.server, get('/fast', undefined, 'x-bad: 1\r\n'), /bad token/);
    await send(app.server, get('/stuck', 'anna'), /nothing comes/);
    await expect.poll(() => notes).toContainEqual(expect.stringMatching('late'));
    await app.close();
    expect(notes.slice(0, 3)).toEqual(['error /fast null', 'send /fast null', 'sent /fast null']);
    expect(notes).toContain('late /stuck null');
  });
});

describe('Express in a server that was started inside a context', () => {
  it('handles errors of keyOf, and events of the request, outside every context', async () => {
    const places: unknown[] = [];
    const app = express();
    app.use(
      expressShardContext({
        locator,
        context,
        keyOf: (request) => {
          if (request.headers['x-bad'] !== undefined) throw new TypeError('bad token');
          return keyOf(request);
        },
      }),
    );
    app.get('/body', (request, response) => {
      request.on('data', () => places.push(here()));
      request.on('end', () => response.send(`ended ${places.push(here())}`));
    });
    const handle: ErrorRequestHandler = (_error, _request, response, _next) => {
      response.status(401).send(`refused ${places.push(here())}`);
    };
    app.use(handle);
    const server = await inside(() => listen(app));
    await send(server, get('/', 'anna', 'x-bad: 1\r\n'), /refused/);
    await send(server, `${get('/body', 'anna', 'Content-Length: 4\r\n')}1234`, /ended/);
    stop(server);
    expect(places).toHaveLength(3);
    expect(new Set(places)).toEqual(new Set([null]));
  });
});

describe('HTTP/2', () => {
  it('has its hooks at their place, and ends the scope of a client that left while it was looked up', async () => {
    const hooks: unknown[] = [];
    let frame: Frame | undefined;
    const slow = {
      ...locator,
      locateKey: async (one: { kind: string; value: string }) => {
        await pause(100);
        return locator.locateKey(one);
      },
    };
    const app = Fastify({ http2: true, http2SessionTimeout: 50 });
    await app.register(fastifyShardContext as never, { locator: slow, context, keyOf } as never);
    app.addHook('onResponse', async (request) => {
      if (request.url === '/fast') hooks.push([request.headers['x-user'], here()]);
    });
    app.get('/fast', () => Promise.resolve('fast'));
    app.get('/late', () => {
      frame = currentFrame();
      return pause(20, 'late');
    });
    await inside(() => app.listen({ port: 0, host: '127.0.0.1' }));
    const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
    for (const user of ['anna', 'bert']) {
      session.request({ ':path': '/fast', 'x-user': user }).resume();
    }
    const cut = session
      .request({ ':path': '/late', 'x-user': 'anna' })
      .on('error', () => undefined);
    await pause(30);
    cut.close(8);
    await expect.poll(() => frame?.activity.closed).toBe(true);
    await expect.poll(() => hooks).toHaveLength(2);
    session.close();
    await app.close();
    expect(hooks).toEqual(
      expect.arrayContaining([
        ['anna', 'anna'],
        ['bert', 'bert'],
      ]),
    );
  });
});
