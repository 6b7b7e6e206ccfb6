import { createServer } from 'node:http';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import Koa, { type Context } from 'koa';
import { describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { koaShardContext, koaShardErrors } from '@switchyard/shard-context/koa';
import { Client } from './client.ts';
import { describeHttpAdapter } from './conformance.ts';
import { apiKey, buildHouse, placeOf, TENANTS, type House } from './house.ts';
import {
  beforeRoute,
  echo,
  eventPlaces,
  EVENTS,
  events,
  fail,
  lines,
  openAccount,
  outliveClient,
  trySwitch,
} from './routes.ts';

describeHttpAdapter('Koa', async (house) => {
  const app = new Koa();
  app.silent = true; // Koa prints the errors it handles itself otherwise
  app.use(koaShardErrors);
  const { context, directory } = house;
  const keyOf = (koa: Context) => apiKey(koa.headers['x-api-key']);
  app.use(koaShardContext({ locator: directory.locator, context, keyOf }));
  app.use((_koa, next) => {
    beforeRoute(house);
    return next();
  });
  app.use((koa) => route(koa, house));
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, close: async () => server.close().closeAllConnections() };
});

async function route(koa: Context, house: House): Promise<void> {
  if (koa.path === '/echo') koa.body = await echo(await json(koa.req));
  else if (koa.path === '/accounts') koa.body = await openAccount(house, await json(koa.req));
  else if (koa.path === '/switch') {
    house.noted.set('switching', currentFrame());
    koa.body = await trySwitch(house.context);
  } else if (koa.path === '/stream') {
    house.noted.set('streaming', currentFrame());
    koa.body = Readable.from(lines());
  } else if (koa.path === '/events') {
    koa.type = 'text/event-stream';
    koa.body = Readable.from(events());
  } else if (koa.path === '/outlive') koa.body = await outliveClient(house, koa.res);
  else fail(koa.path.slice('/fail/'.length));
}

describe('Koa bodies of the web', () => {
  const bodies: Record<string, () => unknown> = {
    'a stream': pulled,
    'a Response': () => new Response(pulled(), { headers: { 'x-kind': 'web' } }),
  };

  it.each(Object.keys(bodies))('%s is made at the place of its request', async (kind) => {
    const house = await buildHouse();
    const app = new Koa();
    const { context, directory } = house;
    const keyOf = (koa: Context) => apiKey(koa.headers['x-api-key']);
    app.use(koaShardContext({ locator: directory.locator, context, keyOf }));
    app.use((koa) => void (koa.body = bodies[kind]?.()));
    const server = createServer(app.callback()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = new Client(server, 1);
    const [, bert] = TENANTS;
    const { body, headers } = await client.get('/', `key-${bert!.tenant}`);
    const places = body.trim().split('\n');
    expect(places.map((line) => JSON.parse(line) as unknown)).toEqual(
      Array(EVENTS).fill(placeOf(bert!)),
    );
    expect(headers['x-kind']).toBe(kind === 'a Response' ? 'web' : undefined);
    client.close();
    server.close();
    await house.close();
  });
});

/** A stream that makes each piece when it is asked for it, and nothing ahead. */
function pulled(): ReadableStream {
  const places = eventPlaces();
  const encoder = new TextEncoder();
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    const { done, value } = await places.next();
    if (done) controller.close();
    else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}
