import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import { currentFrame } from '@switchyard/shard-context';
import { honoShardContext, honoShardErrors } from '@switchyard/shard-context/hono';
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

/** Hono on Node's server. */
export async function startHono(house: House): Promise<Application> {
  const app = new Hono();
  app.onError(honoShardErrors);
  const { context, directory } = house;
  const keyOf = (hono: Context) => apiKey(hono.req.header('x-api-key'));
  app.use(honoShardContext({ locator: directory.locator, context, keyOf }));
  app.use((_hono, next) => {
    beforeRoute(house);
    return next();
  });
  addRoutes(app, house);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, close: async () => server.close().closeAllConnections() };
}

function addRoutes(app: Hono, house: House): void {
  app.post('/echo', async (hono) => hono.json(await echo(await hono.req.json())));
  app.post('/accounts', async (hono) => hono.json(await openAccount(house, await hono.req.json())));
  app.get('/switch', async (hono) => {
    house.noted.set('switching', currentFrame());
    return hono.json(await trySwitch(house.context));
  });
  app.get('/stream', () => {
    house.noted.set('streaming', currentFrame());
    return new Response(webStream(lines()));
  });
  app.get('/events', (hono) =>
    streamSSE(hono, async (stream) => {
      for await (const place of eventPlaces()) {
        await stream.writeSSE({ data: JSON.stringify(place) });
      }
    }),
  );
  app.get('/outlive', async (hono) => {
    const { outgoing } = hono.env as { outgoing: ServerResponse };
    return hono.text(await outliveClient(house, outgoing));
  });
  app.get('/fail/:what', (hono) => fail(hono.req.param('what')));
}

function webStream(pieces: AsyncIterable<string>): ReadableStream {
  return Readable.toWeb(Readable.from(encoded(pieces))) as ReadableStream;
}

async function* encoded(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const piece of pieces) yield encoder.encode(piece);
}
