import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import express from 'express';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { expressShardContext } from '@switchyard/shard-context/express';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { Account, Signpost } from './account.ts';
import { accounts } from './conformance.ts';
import { apiKey, buildHouse, TENANTS, type House } from './house.ts';

const [anna, bert] = TENANTS.map(({ tenant }) => `key-${tenant}`);
const get = (path: string, key: string) =>
  `GET ${path} HTTP/1.1\r\nHost: h\r\nx-api-key: ${key}\r\n\r\n`;

/** Sends two requests at once on one connection; the second's answer has to wait for the first's. */
async function pipelined(server: Server, requests: string, until: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  let got = '';
  socket.on('data', (piece: string) => (got += piece));
  socket.write(requests);
  await expect.poll(() => got.includes(until), { timeout: 10_000 }).toBe(true);
  socket.destroy();
  return got;
}

/** Reads the name of the shard from the database for each piece of the body. */
async function* shardNames({ fleet }: House): AsyncGenerator<string> {
  for (let i = 0; i < 40; i += 1) {
    const { shard } = await fleet.dataSource.getRepository(Signpost).findOneByOrFail({ id: 1 });
    yield `<${shard}>${' '.repeat(64 * 1024)}`;
  }
  yield 'THE END';
}

describe('requests that are pipelined on one connection', () => {
  it('Express: a streamed body reads the shard of its own request', async () => {
    const house = await buildHouse();
    const app = express();
    const { context, directory } = house;
    const keyOf = (request: express.Request) => apiKey(request.headers['x-api-key']);
    app.use(expressShardContext({ locator: directory.locator, context, keyOf }));
    app.get('/slow', async (_request, response) => void response.send(await pause(500, 'slow')));
    app.get(
      '/stream',
      (_request, response) => void Readable.from(shardNames(house)).pipe(response),
    );
    const server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const got = await pipelined(server, get('/slow', anna!) + get('/stream', bert!), 'THE END');
    server.close();
    await house.close();
    expect(new Set(got.match(/<\w+>/g))).toEqual(new Set(['<us2>']));
  });

  it('Fastify: an onResponse hook writes for the tenant of its own request', async () => {
    const house = await buildHouse();
    const app = Fastify({ forceCloseConnections: true });
    const { context, directory, fleet } = house;
    await app.register(fastifyShardContext, {
      locator: directory.locator,
      context,
      keyOf: (request) => apiKey(request.headers['x-api-key']),
    });
    const written: unknown[] = [];
    app.addHook('onResponse', async (request) => {
      const name = `audit of ${request.url} by ${request.headers['x-api-key'] as string}`;
      written.push(
        await fleet.dataSource
          .getRepository(Account)
          .save({ name })
          .catch((e: unknown) => e),
      );
    });
    app.get('/slow', () => pause(500, 'slow'));
    app.get('/fast', async () => 'fast');
    await app.listen({ port: 0, host: '127.0.0.1' });
    await pipelined(app.server, get('/slow', anna!) + get('/fast', bert!), 'fast');
    await expect.poll(() => written.length).toBe(2);
    const rows = await accounts(house, 'audit of');
    await app.close();
    await house.close();
    expect(rows).toEqual([
      { shard: 'us1', tenant: 't_0', name: 'audit of /slow by key-t_0' },
      { shard: 'us2', tenant: 't_1', name: 'audit of /fast by key-t_1' },
    ]);
  });
});
