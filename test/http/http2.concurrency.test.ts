import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { apiKey, buildHouse, placeOf, TENANTS, whereAmI } from './house.ts';
import { echo } from './routes.ts';

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
