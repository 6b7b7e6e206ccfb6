import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineFleet, start } from '@switchyard/fleet';
import { withServers, type MysqlServer } from '../../test/support/servers/index.ts';
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

function fleetOn([us, eu]: readonly MysqlServer[], folder: string) {
  const server = (region: string, { engine, host, port, user, password }: MysqlServer) => ({
    ...{ region, engine, writer: { host, port } },
    credentials: () => ({ user, password }),
  });
  return defineFleet({
    config: pathToFileURL(join(folder, 'switchyard.config.ts')),
    fleet: 'example',
    regions: ['us', 'eu'],
    shards: [
      { name: 'us1', ordinal: 1, database: 'app', server: server('us', us!) },
      { name: 'eu1', ordinal: 2, database: 'app', server: server('eu', eu!) },
    ],
    directory: {
      server: 'us1',
      keyHash: { current: { id: '2026', secret: randomBytes(32).toString('hex') } },
      kinds: KINDS,
    },
    entities: [],
  });
}

/** Each session as a client would send it, and what the service answers. */
async function show(servers: readonly MysqlServer[], folder: string): Promise<void> {
  await using fleet = await start(fleetOn(servers, folder));
  await fleet.prepare({ createDatabases: true });
  const { directory, routing } = fleet;
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
  const app = await buildService({ routing, sessions });
  const forged = issue({ sub: 'user_Bert' }).replace(/\.[^.]+\./, `.${part({ sub: 'user_Ann' })}.`);
  const requests: [string, string | undefined][] = [
    ['Ann, for Acme', issue({ sub: 'user_Ann', org_id: 'org_Acme' })],
    ['a colleague of hers', issue({ sub: 'user_Cleo', org_id: 'org_Acme' })],
    ['Bert, for himself', issue({ sub: 'user_Bert' })],
    ['no one we know', issue({ sub: 'user_Dora' })],
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
}

await withServers({ mysql: 2 }, async ({ mysql }) => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-identity-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
  await show(mysql, folder);
});
