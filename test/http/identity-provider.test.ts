import { generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RoutingKey } from '@switchyard/shard-context';
import { fastifyShardContext } from '@switchyard/shard-context/fastify';
import { buildHouse, placeOf, TENANTS, whereAmI, type House } from './house.ts';

/** What a session token of the provider says; the ids are the provider's own. */
interface Claims {
  readonly sub: string;
  readonly org_id?: string;
  readonly exp: number;
}

// An upstream identity provider: it signs session tokens, and the directory maps its ids, as two
// kinds of keys, to tenants. No request makes a call to the provider.
describe('session tokens of an identity provider', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const [anna, bert] = TENANTS;
  let house: House;
  let app: FastifyInstance;

  beforeAll(async () => {
    house = await buildHouse();
    const { context, directory } = house;
    await directory.locator.addKey({ kind: 'idp-org', value: 'org_7Qm' }, anna!.tenant);
    await directory.locator.addKey({ kind: 'idp-user', value: 'user_2bX' }, bert!.tenant);
    app = Fastify();
    await app.register(fastifyShardContext, {
      locator: directory.locator,
      context,
      keyOf: (request) => keyOfSession(request.headers.authorization, publicKey),
    });
    app.get('/', async () => whereAmI() ?? {});
  });
  afterAll(async () => {
    await app.close();
    await house.close();
  });

  const get = (authorization?: string) =>
    app.inject({ url: '/', headers: authorization === undefined ? {} : { authorization } });
  const session = (claims: Partial<Claims>, key = privateKey) =>
    `Bearer ${token({ sub: 'user_2bX', exp: Date.now() / 1000 + 60, ...claims }, key)}`;

  it('lead to the tenant of the organisation, for whichever user', async () => {
    expect((await get(session({ org_id: 'org_7Qm' }))).json()).toEqual(placeOf(anna!));
    expect((await get(session({ org_id: 'org_7Qm', sub: 'user_9' }))).json()).toEqual(
      placeOf(anna!),
    );
  });

  it('lead to the tenant of the user where no organisation is chosen', async () => {
    expect((await get(session({}))).json()).toEqual(placeOf(bert!));
  });

  it('of an organisation that was never mapped are answered 404', async () => {
    const answer = await get(session({ org_id: 'org_new' }));
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'KEY_UNKNOWN']);
  });

  it('that were forged, altered or have expired are answered 401 by the application itself', async () => {
    const forged = session({ org_id: 'org_7Qm' }, generateKeyPairSync('ed25519').privateKey);
    const expired = session({ org_id: 'org_7Qm', exp: 1 });
    const [head, , tail] = session({}).split('.');
    const altered = [head, session({ org_id: 'org_7Qm' }).split('.')[1], tail].join('.');
    for (const authorization of [forged, expired, altered, 'Bearer nonsense']) {
      expect((await get(authorization)).statusCode).toBe(401);
    }
  });

  it('that are missing leave the request without a context', async () => {
    expect((await get()).json()).toEqual({});
  });
});

/** The application's own `keyOf`: verifies locally, then names the organisation or the user. */
function keyOfSession(header: string | undefined, key: KeyObject): RoutingKey | undefined {
  if (header === undefined) return undefined;
  const { org_id: organisation, sub } = verified(header.replace(/^Bearer /, ''), key);
  return organisation === undefined
    ? { kind: 'idp-user', value: sub }
    : { kind: 'idp-org', value: organisation };
}

function verified(text: string, key: KeyObject): Claims {
  const [head = '', body = '', signature = ''] = text.split('.');
  const signed = Buffer.from(`${head}.${body}`);
  const isGenuine = verify(null, signed, key, Buffer.from(signature, 'base64url'));
  const claims = isGenuine ? (JSON.parse(decoded(body)) as Claims) : undefined;
  if (claims === undefined || claims.exp < Date.now() / 1000) {
    throw Object.assign(new TypeError('the session is not valid'), { statusCode: 401 });
  }
  return claims;
}

function token(claims: Claims, key: KeyObject): string {
  const [head, body] = [{ alg: 'EdDSA' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = `${head}.${body}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

function decoded(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}
