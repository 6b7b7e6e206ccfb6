import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentFrame, type Placement } from '@switchyard/shard-context';
import { startExpress } from './applications/express.ts';
import { startFastify } from './applications/fastify.ts';
import { startHono } from './applications/hono.ts';
import { startKoa } from './applications/koa.ts';
import { startNest } from './applications/nest.ts';
import { Client } from './client.ts';
import { accounts, type Application } from './conformance.ts';
import { buildHouse, placeOf, TENANTS, type House } from './house.ts';
import { EVENTS } from './routes.ts';

const HOSTS: [name: string, start: (house: House) => Promise<Application>][] = [
  ['Express, before the body parser', startExpress.beforeParser],
  ['Express, after the body parser', startExpress.afterParser],
  ['Fastify', startFastify],
  ['Hono', startHono],
  ['Koa', startKoa],
  ['Nest on Express', startNest.onExpress],
  ['Nest on Fastify', startNest.onFastify],
];
/** Connections for all requests, and pooled ones for all shards of a server: few for so many. */
const [CONNECTIONS, POOLED] = [20, 3];

describe.each(HOSTS)('%s: hundreds of requests at once over nine tenants', (_name, start) => {
  let house: House;
  let application: Application;
  let client: Client;
  beforeAll(async () => {
    house = await buildHouse({ maxConnections: POOLED });
    application = await house.context.onShard('us2', () => start(house), { lock: true });
    client = new Client(application.server, CONNECTIONS);
  });
  afterAll(async () => {
    client?.close();
    await application?.close();
    await house?.close();
  });

  it('are never answered or written on another shard, beside ones that fail or have no key', async () => {
    const calls = Array.from({ length: 60 }, (_, i) => TENANTS[i % TENANTS.length]!);
    const answers = calls.map((who, i) => Promise.all(KINDS.map((kind) => kind(client, who, i))));
    const strays = (await Promise.all(answers)).flat().filter((answer) => answer !== 'right');
    expect(strays).toEqual([]);
    const written = await accounts(house, 'wide ');
    const expected = calls.map(({ tenant, shard }, i) => ({ name: `wide ${i}`, tenant, shard }));
    expect(written).toHaveLength(expected.length);
    expect(written).toEqual(expect.arrayContaining(expected));
    expect(currentFrame()).toBeUndefined();
  });
});

type Kind = (client: Client, who: Placement, i: number) => Promise<'right' | object>;
const keyOf = ({ tenant }: Placement) => `key-${tenant}`;

/** What goes on at once for each tenant; what comes back says where it ran. */
const KINDS: readonly Kind[] = [
  async (client, who, i) => {
    const name = `wide ${i}`;
    const answer = await client.post('/accounts', { name }, keyOf(who));
    return judge(answer.body, { name, tenant: who.tenant, shard: who.shard });
  },
  async (client, who, i) => {
    const answer = await client.post('/echo', { i }, keyOf(who));
    const place = placeOf(who);
    return judge(answer.body, { before: place, after: place, body: { i } });
  },
  async (client, _who, i) => {
    const answer = await client.post('/echo', { i });
    return judge(answer.body, { before: null, after: null, body: { i } });
  },
  async (client, who) => {
    const answer = await client.get('/switch', keyOf(who));
    return judge(answer.body, { code: 'SHARD_LOCKED', after: placeOf(who) });
  },
  async (client, who) => {
    const { body } = await client.get('/events', keyOf(who));
    const places = body.split('\n').flatMap((line) => /^data: (.*)$/.exec(line)?.[1] ?? []);
    return judge(`[${places.join()}]`, Array<unknown>(EVENTS).fill(placeOf(who)));
  },
  async (client, who) => {
    const answer = await client.get('/fail/stale', keyOf(who));
    return answer.status === 503 ? 'right' : answer;
  },
];

function judge(body: string, expected: object): 'right' | object {
  return JSON.stringify(JSON.parse(body)) === JSON.stringify(expected)
    ? 'right'
    : { body, expected };
}
