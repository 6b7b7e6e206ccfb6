import { describe, expect, it } from 'vitest';
import {
  currentFrame,
  ShardContext,
  Topology,
  type Frame,
  type Locator,
  type RoutingKey,
} from '../index.ts';
import { DirectoryUnavailableError, KeyUnknownError } from '../internal.ts';
import { enterRequest, type Host, type Problem, type ShardRequests } from './index.ts';

const credentials = () => ({ user: 'u', password: 'p' });
const context = new ShardContext(
  new Topology({
    fleet: 'f',
    regions: ['us'],
    servers: [{ name: 's', region: 'us', engine: 'mysql', writer: { host: 'h' }, credentials }],
    shards: ['us1', 'us2'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  }),
);

describe('a request on its way to its route', () => {
  it('runs at the place of its key, locked, and answers what the route answers', async () => {
    const seen = await enterRequest(
      requests('anna'),
      {},
      host(() => currentFrame()),
    );
    expect(seen).toMatchObject({ locked: true, place: { tenant: 'anna', shard: 'us1', epoch: 1 } });
  });

  it('is refused by a second adapter that says another place: the lock of the first holds', async () => {
    const request = {};
    const refused = await enterRequest(
      requests('anna'),
      request,
      host(() =>
        enterRequest(
          requests('bert'),
          request,
          host(() => 'ran'),
        ).catch((error: { code: string }) => error.code),
      ),
    );
    expect(refused).toBe('SHARD_LOCKED');
  });

  it('stays where it is under a second adapter that says the same place, or no key', async () => {
    const tenantUnder = (inner: string | undefined) => {
      const request = {};
      const route = host(() => currentFrame()?.place?.tenant);
      return enterRequest(
        requests('anna'),
        request,
        host(() => enterRequest(requests(inner), request, route)),
      );
    };
    expect(await tenantUnder('anna')).toBe('anna');
    expect(await tenantUnder(undefined)).toBe('anna');
  });

  it('is refused with the problem of what went wrong, and its route does not run', async () => {
    const problems = await Promise.all(
      ['nobody', 'unavailable', 'elsewhere', ''].map((user) => refusal(requests(user))),
    );
    expect(problems.map((problem) => [problem.status, problem.code])).toEqual([
      [404, 'KEY_UNKNOWN'],
      [503, 'DIRECTORY_UNAVAILABLE'],
      [503, 'SHARD_NOT_DECLARED'],
      [400, 'ROUTING_KEY_MALFORMED'],
    ]);
  });

  it.each([
    ['without a kind', { kind: '', value: 'x' }],
    ['sent twice', { kind: 'api-key', value: ['a', 'b'] as unknown as string }],
    ['of nothing', { kind: 'api-key', value: undefined as unknown as string }],
    ['longer than a header', { kind: 'api-key', value: 'x'.repeat(9_000) }],
  ])('with a key %s is malformed: the directory is not asked', async (_, key: RoutingKey) => {
    const locator = { locateKey: () => Promise.reject(new TypeError('asked')) };
    const refused = refusal({ ...requests('anna'), locator: locator as never, keyOf: () => key });
    expect((await refused).code).toBe('ROUTING_KEY_MALFORMED');
  });

  it('rejects with what keyOf throws: that is the application’s to answer', async () => {
    const boom = new TypeError('boom');
    const keyOf = (): never => {
      throw boom;
    };
    const entered = enterRequest(
      { ...requests('anna'), keyOf },
      {},
      host(() => 'ran'),
    );
    await expect(entered).rejects.toBe(boom);
  });

  it('asks for its key and its place outside every context', async () => {
    const seen: (Frame | undefined)[] = [];
    const noting: ShardRequests<object> = {
      ...requests('anna'),
      keyOf: async () => {
        seen.push(currentFrame());
        return { kind: 'user', value: 'anna' };
      },
    };
    await context.onShard('us2', () =>
      enterRequest(
        noting,
        {},
        host(() => 'ran'),
      ),
    );
    expect(seen).toEqual([undefined]);
  });

  it('has a scope that ends with its response, or with its route where that is later', async () => {
    let respond = (): void => undefined;
    const over = () => new Promise<void>((resolve) => (respond = resolve));
    const frame = (await enterRequest(
      requests('anna'),
      {},
      {
        ...host(() => currentFrame()),
        over,
      },
    )) as Frame;
    expect(frame.activity.closed).toBe(false);
    respond();
    await expect.poll(() => frame.activity.closed).toBe(true);
  });
});

function requests(user: string | undefined): ShardRequests<object> {
  const keyOf = () => (user === undefined ? undefined : { kind: 'user', value: user });
  return { locator: { locateKey, locateTenant: locateKey as never }, context, keyOf };
}

const locateKey: Locator['locateKey'] = async ({ kind, value }) => {
  if (value === 'nobody') throw new KeyUnknownError(kind);
  if (value === 'unavailable') throw new DirectoryUnavailableError('locate');
  const shard = { anna: 'us1', bert: 'us2' }[value] ?? 'us9';
  return { tenant: value, shard, epoch: 1, state: 'active' };
};

function host<T>(proceed: () => T): Host<T> {
  const refuse = (problem: Problem): never => {
    throw new TypeError(`refused: ${problem.code}`);
  };
  return { proceed, refuse, over: () => Promise.resolve() };
}

async function refusal(options: ShardRequests<object>): Promise<Problem> {
  const proceed = (): never => {
    throw new TypeError('the route ran');
  };
  return enterRequest<object, Problem>(
    options,
    {},
    {
      proceed,
      refuse: (problem) => problem,
      over: () => Promise.resolve(),
    },
  );
}
