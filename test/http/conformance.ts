import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Placement } from '@switchyard/shard-context';
import { Client, type Answer } from './client.ts';
import { buildHouse, COLD, placeOf, TENANTS, type House, type Where } from './house.ts';
import { CHUNKS, EVENTS } from './routes.ts';

/** A running application of one host, with the routes of `routes.ts`. */
export interface Application {
  readonly server: Server;
  close(): Promise<unknown>;
}

const [ANNA, BERT] = TENANTS as [Placement, Placement];
const keyOf = (placement: Placement) => `key-${placement.tenant}`;

/** What a group of tests works with; the application and its client exist inside tests only. */
interface Suite {
  readonly house: () => House;
  readonly client: () => Client;
  readonly server: () => Server;
}

/** What every HTTP adapter must do, over real HTTP. A new adapter is done when this passes. */
export function describeHttpAdapter(
  name: string,
  start: (house: House) => Promise<Application>,
): void {
  describe(`${name} adapter`, () => {
    let house: House;
    let application: Application;
    let client: Client;

    beforeAll(async () => {
      house = await buildHouse();
      // Started inside a context on purpose: a server must not hand its starter's to requests.
      application = await house.context.onShard('us2', () => start(house), { lock: true });
      client = new Client(application.server, 4);
    });

    afterAll(async () => {
      client.close();
      await application.close();
      await house.close();
    });

    const suite: Suite = {
      house: () => house,
      client: () => client,
      server: () => application.server,
    };
    describe('a request', () => outcomes(suite));
    describe('an error that a route throws', () => thrownErrors(suite));
    describe('the context', () => coverage(suite));
    describe('the end of a scope', () => endings(suite));
    describe('rows', () => rows(suite));
    describe('kept-alive connections', () => keptAlive(suite));
  });
}

function outcomes({ house, client }: Suite): void {
  it('without a key runs without a context, also where the server was started inside one', async () => {
    const answer = await client().post('/echo', { n: 1 });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ before: null, after: null, body: { n: 1 } });
  });

  it('with a known key runs at the place of its tenant', async () => {
    const answer = await client().post('/echo', { n: 1 }, keyOf(BERT));
    const place = placeOf(BERT);
    expect(JSON.parse(answer.body)).toEqual({ before: place, after: place, body: { n: 1 } });
  });

  it('with an unknown key is answered 404 with a problem, and no route runs', async () => {
    house().lines.length = 0;
    const answer = await client().post('/echo', {}, 'key-of-nobody');
    expectProblem(answer, 404, 'KEY_UNKNOWN');
    expect(answer.body).not.toContain('key-of-nobody');
    expect(house().lines).toEqual([]);
  });

  it('with a malformed key is answered 400 with a problem', async () => {
    expectProblem(await client().post('/echo', {}, ''), 400, 'ROUTING_KEY_MALFORMED');
  });

  it('while the store is stopped is answered 503 with Retry-After, or served from the cache', async () => {
    await client().post('/echo', {}, keyOf(ANNA));
    house().directory.stop();
    const [known, unknown, cached] = await Promise.all([
      client().post('/echo', {}, keyOf(COLD)),
      client().post('/echo', {}, 'another key of nobody'),
      client().post('/echo', {}, keyOf(ANNA)),
    ]).finally(() => house().directory.start());
    for (const answer of [known, unknown]) {
      expectProblem(answer, 503, 'DIRECTORY_UNAVAILABLE');
      expect(answer.headers['retry-after']).toBe('1');
    }
    expect(JSON.parse(cached.body)).toMatchObject({ after: placeOf(ANNA) });
    await vi.waitFor(async () => {
      const healed = await client().post('/echo', {}, keyOf(COLD));
      expect(JSON.parse(healed.body)).toMatchObject({ after: placeOf(COLD) });
    }, 5_000);
  });
}

function thrownErrors({ client }: Suite): void {
  it.each([
    ['stale', 'STALE_ROUTE'],
    ['frozen', 'TENANT_FROZEN'],
  ])('%s is answered 503 as a retryable problem without names', async (what, code) => {
    const answer = await client().get(`/fail/${what}`, keyOf(ANNA));
    expectProblem(answer, 503, code);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.body).not.toMatch(/t_secret|us1|us2|Account/);
  });

  it('a missing context is answered 500', async () => {
    expectProblem(await client().get('/fail/missing', keyOf(ANNA)), 500, 'SHARD_CONTEXT_MISSING');
  });

  it('of the application itself is left to the host', async () => {
    const answer = await client().get('/fail/otherwise', keyOf(ANNA));
    expect(answer.status).toBe(500);
    expect(answer.headers['content-type'] ?? '').not.toContain('problem');
  });
}

function coverage({ house, client }: Suite): void {
  it('is locked: another shard is refused, and the context stays as it was', async () => {
    const answer = await client().get('/switch', keyOf(ANNA));
    expect(JSON.parse(answer.body)).toEqual({ code: 'SHARD_LOCKED', after: placeOf(ANNA) });
  });

  it('covers a body that is made while it is read, under back-pressure', async () => {
    const both = await Promise.all([ANNA, BERT].map((who) => slowly(client(), keyOf(who))));
    expect(both).toEqual([ANNA, BERT].map((who) => Array(CHUNKS).fill(placeOf(who))));
  });

  it('covers server-sent events', async () => {
    const answer = await client().get('/events', keyOf(ANNA));
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const places = answer.body.match(/^data: .*$/gm)?.map((line) => line.slice(6)) ?? [];
    expect(places.map((place) => JSON.parse(place) as Where)).toEqual(
      Array(EVENTS).fill(placeOf(ANNA)),
    );
  });

  it('is in log lines before the route, with and without a child logger', async () => {
    house().lines.length = 0;
    await client().post('/echo', {}, keyOf(ANNA));
    const before = house().lines.filter((line) => line['msg'] === 'before the route');
    expect(before).toMatchObject([placeOf(ANNA), { ...placeOf(ANNA), child: true }]);
  });
}

function endings({ house, client }: Suite): void {
  it('comes with the complete response', async () => {
    house().noted.clear();
    await client().get('/switch', keyOf(ANNA));
    await vi.waitUntil(() => house().noted.get('switching')?.activity.closed);
  });

  it('comes with the route where the client has left early; the route keeps its place', async () => {
    house().noted.clear();
    const leave = client().leaveEarly('/outlive', keyOf(BERT));
    await vi.waitUntil(() => house().noted.has('waiting'));
    leave();
    await vi.waitUntil(() => house().noted.has('left'));
    const frame = house().noted.get('left');
    expect(frame?.place).toMatchObject(placeOf(BERT) as object);
    expect(frame).toBe(house().noted.get('waiting'));
    await vi.waitUntil(() => frame?.activity.closed);
  });

  it('comes with a stream that is cut, not before', async () => {
    house().noted.clear();
    const response = await client().open('/stream', keyOf(BERT));
    await vi.waitUntil(() => house().noted.has('streaming'));
    expect(house().noted.get('streaming')?.activity.closed).toBe(false);
    response.destroy();
    await vi.waitUntil(() => house().noted.get('streaming')?.activity.closed);
  });
}

function rows({ house, client }: Suite): void {
  it('are written and read on the shard of the request’s tenant', async () => {
    const answer = await client().post('/accounts', { name: 'one' }, keyOf(BERT));
    const { tenant, shard } = BERT;
    expect(JSON.parse(answer.body)).toEqual({ name: 'one', tenant, shard });
  });

  it('are refused without a key: 500, and nothing is written', async () => {
    const answer = await client().post('/accounts', { name: 'nobody’s' });
    expectProblem(answer, 500, 'SHARD_CONTEXT_MISSING');
    expect(await accounts(house(), 'nobody’s')).toEqual([]);
  });

  it('are refused with 503 once the shard has the tenant at another epoch', async () => {
    const [, , moved] = TENANTS as [Placement, Placement, Placement];
    const to = (epoch: number) =>
      house().fleet.rows(moved.shard, 'UPDATE shard_tenant SET epoch = ? WHERE tenant = ?', [
        epoch,
        moved.tenant,
      ]);
    await to(2);
    const answer = await client().post('/accounts', { name: 'late' }, keyOf(moved));
    await to(1);
    expectProblem(answer, 503, 'STALE_ROUTE');
    expect(await accounts(house(), 'late')).toEqual([]);
  });
}

/** Accounts whose name begins so, on all shards, read past the library. */
export async function accounts({ fleet }: House, name: string): Promise<object[]> {
  const sql = 'SELECT ? AS shard, tenantId AS tenant, name FROM account WHERE name LIKE ?';
  const found = await Promise.all(
    fleet.shards.map((shard) => fleet.rows(shard.name, sql, [shard.name, `${name}%`])),
  );
  return found.flat();
}

function keptAlive({ server }: Suite): void {
  it('carry nothing from one request to the next', async () => {
    const one = new Client(server(), 1);
    const first = await one.post('/echo', {}, keyOf(ANNA));
    const second = await one.post('/echo', {});
    const third = await one.post('/echo', {}, keyOf(BERT));
    one.close();
    expect(new Set([first, second, third].map((a) => a.connection)).size).toBe(1);
    expect([second, third].map((a) => (JSON.parse(a.body) as { after: Where }).after)).toEqual([
      null,
      placeOf(BERT),
    ]);
  });
}

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(JSON.parse(answer.body)).toEqual({
    type: `urn:switchyard:problem:${code}`,
    title: expect.any(String) as string,
    status,
    detail: expect.any(String) as string,
    code,
    retryable: status === 503,
  });
}

/** Reads a stream in pieces with pauses, so that the server meets full buffers. */
async function slowly(client: Client, key: string): Promise<Where[]> {
  const response = await client.open('/stream', key);
  let body = '';
  for await (const piece of response as AsyncIterable<Buffer>) {
    body += piece.toString();
    await new Promise((resolve) => setTimeout(resolve, 1)); // a slow reader is the case at hand
  }
  return body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Where);
}
