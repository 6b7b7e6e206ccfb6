import { generateKeyPairSync, sign } from 'node:crypto';
import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { defineTopology, ShardContext } from '@switchyard/shard-context';
import { buildService } from './src/service.ts';
import type { Session } from './src/session-token.ts';
import { KINDS, signUp } from './src/tenants.ts';

// The provider: somewhere else, with a private key. The service has the public one, and no more.
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const ISSUER = 'https://login.example';
const now = () => Math.floor(Date.now() / 1000);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function issue(session: Session, expiresIn = 60): string {
  const claims = { iss: ISSUER, aud: 'api', exp: now() + expiresIn, ...session };
  const text = `${part({ alg: 'EdDSA', kid: '2026' })}.${part(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
}

const server = (region: string) => ({
  name: `db-${region}`,
  region,
  engine: 'mysql' as const,
  writer: { host: `db-${region}.internal` },
  credentials: () => ({ user: 'app', password: 'asked for each connection' }),
});
const topology = defineTopology({
  fleet: 'example',
  regions: ['us', 'eu'],
  servers: [server('us'), server('eu')],
  shards: [
    { name: 'us1', ordinal: 1, server: 'db-us', database: 'app' },
    { name: 'eu1', ordinal: 2, server: 'db-eu', database: 'app' },
  ],
});
const directory = new Directory({
  store: new MemoryStore(),
  topology,
  keyHash: { current: { id: '2026', secret: 'from your secret store' } },
  kinds: KINDS,
});
await directory.prepare();
await signUp(directory, { sub: 'user_Ann', org_id: 'org_Acme' }, 'tenant-acme', {
  homeRegion: 'eu',
});
await signUp(directory, { sub: 'user_Bert' }, 'tenant-bert', { homeRegion: 'us' });

const sessions = {
  issuer: ISSUER,
  audience: 'api',
  publicKeys: new Map([['2026', publicKey]]),
  now,
};
const app = await buildService({ directory, context: new ShardContext(topology), sessions });
const forged = issue({ sub: 'user_Bert' }).replace(/\.[^.]+\./, `.${part({ sub: 'user_Ann' })}.`);
const requests: [string, string | undefined][] = [
  ['Ann, for Acme', issue({ sub: 'user_Ann', org_id: 'org_Acme' })],
  ['a colleague of hers', issue({ sub: 'user_Cleo', org_id: 'org_Acme' })],
  ['Bert, for himself', issue({ sub: 'user_Bert' })],
  ['nobody we know', issue({ sub: 'user_Dora' })],
  ['an expired session', issue({ sub: 'user_Bert' }, -1)],
  ['a forged session', forged],
  ['no session', undefined],
];
for (const [who, token] of requests) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await app.inject({ url: '/me', headers });
  const body = answer.json<{ shard?: string | null; tenant?: string; code?: string }>();
  const what =
    body.tenant === undefined ? (body.code ?? 'no place') : `${body.tenant} on ${body.shard}`;
  console.log(
    `${who.padEnd(20)} ${answer.statusCode}  ${answer.statusCode === 401 ? 'not valid' : what}`,
  );
}
await app.close();
await directory.close();
