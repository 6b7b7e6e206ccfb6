import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindShard } from '@switchyard/shard-context';
import { connectShardContext } from '@switchyard/shard-context/http';
import { Client } from './client.ts';
import { apiKey, buildHouse, placeOf, TENANTS, whereAmI, type House } from './house.ts';

// What Node does with listeners on the request itself. Frameworks' parsers keep the context; code
// that listens by hand has to bind.
describe('a listener on Node’s own request', () => {
  const [anna] = TENANTS;
  let house: House;
  let server: Server;
  let client: Client;

  beforeAll(async () => {
    house = await buildHouse();
    const { context, directory } = house;
    const enter = connectShardContext({
      locator: directory.locator,
      context,
      keyOf: (request) => apiKey(request.headers['x-api-key']),
    });
    server = createServer((request, response) => {
      enter(request, response, () => {
        const answer = () => response.end(JSON.stringify(whereAmI()));
        request.on('end', request.url === '/bound' ? bindShard(answer) : answer).resume();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    client = new Client(server, 4);
    // From here on the place is in the cache, and the route listens before the body has arrived.
    await client.post('/plain', {}, `key-${anna?.tenant}`);
  });
  afterAll(async () => {
    client.close();
    server.close();
    await house.close();
  });

  it('loses the context, so that sharded work in it is refused', async () => {
    const answer = await client.post('/plain', { n: 1 }, `key-${anna?.tenant}`);
    expect(JSON.parse(answer.body)).toBeNull();
  });

  it('keeps it when it is bound with bindShard', async () => {
    const answer = await client.post('/bound', { n: 1 }, `key-${anna?.tenant}`);
    expect(JSON.parse(answer.body)).toEqual(placeOf(anna!));
  });
});
