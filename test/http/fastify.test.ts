import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { startFastify } from './applications/fastify.ts';
import { describeHttpAdapter } from './conformance.ts';
import { apiKey, buildHouse, placeOf, TENANTS } from './house.ts';

describeHttpAdapter('Fastify', startFastify);

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
