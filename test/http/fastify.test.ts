import { Readable } from 'node:stream';
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { describeHttpAdapter, type Application } from './conformance.ts';
import { apiKey, buildHouse, placeOf, TENANTS, type House } from './house.ts';
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
    const app = Fastify({ loggerInstance: house.log as FastifyBaseLogger });
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
