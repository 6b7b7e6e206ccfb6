import { logIn } from '@switchyard/mysql/internal';
import type { Credentials, ServerTls } from '@switchyard/shard-context';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Authority, type Certificate } from './certificates.ts';
import { HandshakeServer } from './handshake-server.ts';

const NAME = 'db.switchyard.test';
const PASSWORD: Credentials = { user: 'app', password: 'secret-of-app' };
const TOKEN: Credentials = { user: 'app', token: 'token-of-app', cleartext: true };

let authority: Authority;
let stranger: Authority;
let good: Certificate;
let server: HandshakeServer;

beforeAll(() => {
  authority = new Authority('switchyard-test');
  stranger = new Authority('stranger');
  good = authority.sign('good', `DNS:${NAME},IP:127.0.0.1`);
});
afterEach(() => server.stop());
afterAll(() => {
  authority.remove();
  stranger.remove();
});

async function connect(tls: ServerTls | undefined, credentials: Credentials): Promise<void> {
  const connection = await logIn({
    server: { name: 'core', tls, credentials: () => credentials },
    endpoint: { host: '127.0.0.1', port: server.port },
  });
  connection.destroy();
}

const failure = (tls: ServerTls | undefined, credentials: Credentials = PASSWORD) =>
  connect(tls, credentials).then(
    () => expect.fail('the log-in was not refused'),
    (error: unknown) => error as Error & { code: string; remedy: string },
  );

describe('a log-in that cannot be encrypted as declared is refused before anything is sent', () => {
  it.each([
    ['whose authority is not known', (): ServerTls => ({}), /self-signed|issuer|first certificate/],
    [
      'of another authority',
      (): ServerTls => ({ ca: stranger.ca }),
      /self-signed|issuer|first certificate/,
    ],
    [
      'for another name',
      (): ServerTls => ({ ca: authority.ca, serverName: 'other.test' }),
      /altnames/,
    ],
  ])('to a server with a certificate %s', async (_what, settings, reason) => {
    server = await HandshakeServer.start(good);
    const error = await failure(settings());
    expect(error).toMatchObject({ code: 'TLS_REFUSED', retryable: false });
    expect(error.message).toMatch(reason);
    expect(server.connections).toBe(1);
    expect([server.logins, server.secrets]).toEqual([[], []]);
  });

  it('to a server with a certificate for its name, asked for by an address that is not in it', async () => {
    server = await HandshakeServer.start(authority.sign('named', `DNS:${NAME},DNS:localhost`));
    const error = await failure({ ca: authority.ca });
    expect(error).toMatchObject({ code: 'TLS_REFUSED' });
    expect(error.remedy).toContain('tls.serverName');
    expect(server.logins).toEqual([]);
  });

  it('to a server with a certificate that has expired', async () => {
    server = await HandshakeServer.start(authority.sign('old', `DNS:${NAME}`, 'no more'));
    const error = await failure({ ca: authority.ca, serverName: NAME });
    expect(error).toMatchObject({ code: 'TLS_REFUSED' });
    expect(error.message).toContain('expired');
    expect(server.logins).toEqual([]);
  });

  it('to a server that offers no encryption', async () => {
    server = await HandshakeServer.start();
    const error = await failure({ ca: authority.ca });
    expect(error).toMatchObject({ code: 'TLS_REFUSED' });
    expect(error.message).toContain('offers no encryption');
    expect(server.logins).toEqual([]);
  });
});

describe('a token in clear text', () => {
  it('is sent over verified encryption, and nothing else is sent in clear text', async () => {
    server = await HandshakeServer.start(good);
    await connect({ ca: authority.ca, serverName: NAME }, TOKEN);
    await connect({ ca: authority.ca }, TOKEN); // the address is in the certificate too
    expect(server.secrets).toEqual(['token-of-app', 'token-of-app']);
  });

  it.each([
    ['without encryption', () => undefined],
    ['where any certificate is taken', (): ServerTls => ({ verify: 'off' })],
    ['where any name is taken', (): ServerTls => ({ ca: authority.ca, verify: 'authority-only' })],
  ])('is refused %s, before a socket is opened', async (_where, settings) => {
    server = await HandshakeServer.start(good);
    const error = await failure(settings(), TOKEN);
    expect(error).toMatchObject({ code: 'CLEARTEXT_REFUSED', retryable: false });
    expect(error.message).not.toContain('token-of-app');
    expect(server.connections).toBe(0);
  });

  it('is not what a password becomes because a server asks for it, encrypted or not', async () => {
    server = await HandshakeServer.start(good);
    for (const tls of [undefined, { ca: authority.ca }]) {
      const error = await failure(tls, PASSWORD);
      expect(error).toMatchObject({ code: 'CLEARTEXT_REFUSED' });
      expect(error.message).not.toContain('secret-of-app');
    }
    expect(server.secrets).toEqual([]);
  });
});

describe('a loosened check', () => {
  it('takes any name with `authority-only`, and any certificate with `off`', async () => {
    server = await HandshakeServer.start(good);
    const anyName = {
      ca: authority.ca,
      serverName: 'other.test',
      verify: 'authority-only',
    } as const;
    // Let in as far as the question for a secret: the certificate was taken.
    await failure(anyName);
    await failure({ verify: 'off' });
    expect(server.logins).toHaveLength(2);
    const wrongAuthority = await failure({ ca: stranger.ca, verify: 'authority-only' });
    expect(wrongAuthority).toMatchObject({ code: 'TLS_REFUSED' });
    expect(server.logins).toHaveLength(2);
  });
});
