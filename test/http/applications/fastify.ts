import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance } from 'fastify';
import { currentFrame } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import type { Application } from '../conformance.ts';
import { apiKey, type House } from '../house.ts';
import {
  beforeRoute,
  echo,
  events,
  fail,
  lines,
  openAccount,
  outliveClient,
  trySwitch,
} from '../routes.ts';

/** Fastify, whose listener closes its connections. */
export async function startFastify(house: House): Promise<Application> {
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
}

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
