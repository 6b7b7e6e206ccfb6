import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { Client } from './client.ts';
import { apiKey, buildHouse, COLD, placeOf, TENANTS, whereAmI, type House } from './house.ts';

describe('requests while the directory’s store hangs', () => {
  const [anna] = TENANTS;
  let house: House;
  let app: FastifyInstance;
  let client: Client;

  beforeAll(async () => {
    house = await buildHouse();
    app = Fastify({ forceCloseConnections: true });
    const { context, directory } = house;
    await app.register(fastifyShardContext, {
      locator: directory.locator,
      context,
      keyOf: (request) => apiKey(request.headers['x-api-key']),
    });
    app.get('/', async () => whereAmI() ?? {});
    await app.listen({ port: 0, host: '127.0.0.1' });
    client = new Client(app.server, 100);
    await client.get('/', `key-${anna?.tenant}`);
  });
  afterAll(async () => {
    client.close();
    await app.close();
    await house.close();
  });

  it('are all answered 503 within the directory’s deadline, and do not pile up', async () => {
    house.directory.hang();
    const before = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.get('/', `key-${COLD.tenant}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(performance.now() - before).toBeLessThan(5_000); // the deadline's default is 2.5 s
    expect(house.directory.locator.health().waiting).toBe(0);
  });

  it('of cached tenants are served meanwhile, and all again when it answers', async () => {
    const cached = await client.get('/', `key-${anna?.tenant}`);
    expect(JSON.parse(cached.body)).toEqual(placeOf(anna!));
    house.directory.start();
    await expect
      .poll(async () => (await client.get('/', `key-${COLD.tenant}`)).status, { timeout: 10_000 })
      .toBe(200);
  });
});
