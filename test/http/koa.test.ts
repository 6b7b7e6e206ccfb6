import { createServer } from 'node:http';
import { once } from 'node:events';
import Koa, { type Context } from 'koa';
import { describe, expect, it } from 'vitest';
import { koaShardContext } from '@switchyard/shard-context/koa';
import { startKoa } from './applications/koa.ts';
import { Client } from './client.ts';
import { describeHttpAdapter } from './conformance.ts';
import { apiKey, buildHouse, placeOf, TENANTS } from './house.ts';
import { eventPlaces, EVENTS } from './routes.ts';

describeHttpAdapter('Koa', startKoa);

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
