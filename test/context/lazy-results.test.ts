import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account, Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

// What a scope answers may run only when it is read, inside the scope of another tenant.

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account, Currency],
    tenants: { us1: ['t_1'], us2: ['t_3'] },
    dataSource: { scopeReads: true },
  });
  await fleet.rows('us1', "INSERT INTO account (id, tenantId, email) VALUES (1, 't_1', 'mine')");
  await fleet.rows('us2', "INSERT INTO account (id, tenantId, email) VALUES (1, 't_3', 'theirs')");
});
afterAll(() => fleet?.stop());

async function* emails(): AsyncGenerator<string> {
  for (const { email } of await fleet.dataSource.getRepository(Account).find()) yield email;
  for (const { email } of await fleet.dataSource.getRepository(Account).find()) yield email;
}
const iterable = () => ({ [Symbol.asyncIterator]: () => emails() });
const web = () =>
  new ReadableStream<string>(
    {
      async pull(controller) {
        for await (const email of emails()) controller.enqueue(email);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );

type Lazy = AsyncIterable<string>;
const MADE: Record<string, () => Lazy | Promise<Lazy>> = {
  'a generator': () => emails(),
  'a promise of a generator': () => Promise.resolve(emails()),
  'a stream of a generator': () => Readable.from(emails()),
  'a promise of a stream': async () => Readable.from(emails()),
  'an async iterable': iterable,
  'a web stream': () => web() as unknown as Lazy,
};

async function readAll(lazy: Lazy): Promise<string[]> {
  const seen: string[] = [];
  for await (const email of lazy) seen.push(email);
  return seen;
}

describe('work that a scope answers and that runs when it is read', () => {
  const asReader = <T>(fn: () => T): T => fleet.onTenant('us2', 't_3', fn);

  it.each(Object.keys(MADE))('%s reads the rows of its maker’s tenant', async (kind) => {
    const made = await fleet.onTenant('us1', 't_1', MADE[kind] as () => Promise<Lazy>);
    expect(await asReader(() => readAll(made))).toEqual(['mine', 'mine']);
  });

  it.each(Object.keys(MADE))('%s does so inside an object and a list', async (kind) => {
    const make = MADE[kind] as () => Promise<Lazy>;
    const { rows } = await fleet.onTenant('us1', 't_1', async () => ({ rows: await make() }));
    const [first] = await fleet.onTenant('us1', 't_1', async () => [await make()]);
    for (const made of [rows, first as Lazy]) {
      expect(await asReader(() => readAll(made))).toEqual(['mine', 'mine']);
    }
  });

  it.each(['getReader', 'pipeThrough', 'tee'])('a web stream read by %s as well', async (way) => {
    const made = fleet.onTenant('us1', 't_1', web);
    const seen = await asReader(async () => {
      if (way === 'tee') return readAll(made.tee()[0] as unknown as Lazy);
      if (way === 'pipeThrough') {
        return readAll(made.pipeThrough(new TransformStream<string, string>()) as unknown as Lazy);
      }
      const reader = made.getReader();
      const texts: string[] = [];
      for (let step = await reader.read(); !step.done; step = await reader.read()) {
        texts.push(step.value);
      }
      return texts;
    });
    expect(seen).toEqual(['mine', 'mine']);
  });
});
