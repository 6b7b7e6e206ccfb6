import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { describeHttpAdapter, type Application } from './conformance.ts';
import { apiKey, buildHouse, placeOf, TENANTS, whereAmI, type House } from './house.ts';
import {
  beforeRoute,
  echo,
  events,
  fail,
  lines,
  openAccount,
  outliveClient,
  trySwitch,
} from './routes.ts';

describeHttpAdapter('Fastify', async (house): Promise<Application> => {
  const app = Fastify({ forceCloseConnections: true });
  app.setErrorHandler(fastifyShardErrors);
  await app.register(fastifyShardContext, {
    locator: house.directory.locator,
    context: house.context,
    keyOf: (request: { headers: Record<string, string | string[] | undefined> }) =>
      apiKey(request.headers['x-api-key']),
  });
  app.addHook('preHandler', async () => beforeRoute(house));
  addRoutes(app, house);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { server: app.server, close: () => app.close() };
});

function addRoutes(app: FastifyInstance, house: House): void {
  app.post('/echo', (request) => echo(request.body));
  app.post('/accounts', (request) => openAccount(house, request.body));
  app.get('/switch', () => {
    house.noted.set('switching', currentFrame());
    return trySwitch(house.context);
  });
  app.get('/stream', (_request, reply) => {
    house.noted.set('streaming', currentFrame());
    return reply.send(Readable.from(lines()));
  });
  app.get('/events', (_request, reply) =>
    reply.type('text/event-stream').send(Readable.from(events())),
  );
  app.get('/outlive', (_request, reply) => outliveClient(house, reply.raw));
  app.get<{ Params: { what: string } }>('/fail/:what', (request) => fail(request.params.what));
}

describe('Fastify’s own log', () => {
  it('shows the shard on the line that a request is completed, with the mixin', async () => {
    const house = await buildHouse();
    const app = Fastify({ loggerInstance: house.log });
    const { context, directory } = house;
    await app.register(fastifyShardContext, {
      locator: directory.locator,
      context,
      keyOf: (request) => apiKey(request.headers['x-api-key']),
    });
    app.get('/', async (request) => request.log.info('in the route'));
    const [tenant] = TENANTS;
    await app.inject({ url: '/', headers: { 'x-api-key': `key-${tenant?.tenant}` } });
    const lines = house.lines.filter(({ msg }) => /in the route|request completed/.test(`${msg}`));
    expect(lines).toMatchObject([placeOf(tenant!), placeOf(tenant!)]);
    await app.close();
    await house.close();
  });
});

describe('Fastify on HTTP/2', () => {
  it('keeps the streams of one connection apart, and ends their scopes', async () => {
    const house = await buildHouse();
    const app = Fastify({ http2: true, http2SessionTimeout: 50 });
    app.setErrorHandler(fastifyShardErrors);
    const { context, directory } = house;
    await app.register(fastifyShardContext, {
      locator: directory.locator,
      context,
      keyOf: (request: { headers: Record<string, string | string[] | undefined> }) =>
        apiKey(request.headers['x-api-key']),
    });
    app.get('/', async () => {
      house.noted.set(whereAmI()?.tenant ?? 'none', currentFrame());
      return echo('');
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
    const answers = await Promise.all(
      TENANTS.map(({ tenant }) =>
        json(session.request({ ':path': '/', 'x-api-key': `key-${tenant}` })),
      ),
    );
    expect(answers).toMatchObject(TENANTS.map((who) => ({ after: placeOf(who) })));
    await expect
      .poll(() => [...house.noted.values()].map((f) => f?.activity.closed))
      .toEqual(TENANTS.map(() => true));
    session.close();
    await app.close();
    await house.close();
  });
});
