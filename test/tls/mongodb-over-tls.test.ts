import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { MongoStore } from '@switchyard/directory/mongodb';
import type { ServerTls } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority } from './certificates.ts';

/** Takes connections and keeps what is said on them once they are encrypted. It answers nothing. */
let endpoint: Server;
let heard: Buffer[] = [];
let authority: Authority;
let stranger: Authority;

beforeAll(async () => {
  authority = new Authority('switchyard-test');
  stranger = new Authority('stranger');
  const { cert, key } = authority.sign('mongo', 'DNS:mongo.switchyard.test,IP:127.0.0.1');
  endpoint = createServer({ cert, key }, (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => heard.push(data));
  });
  endpoint.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  endpoint.close();
  authority.remove();
  stranger.remove();
});

async function said(tls: ServerTls | undefined): Promise<string> {
  heard = [];
  const { port } = endpoint.address() as AddressInfo;
  const url = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const store = new MongoStore({ url, database: 'directory', tls });
  await store.findPlacements(['t'], { from: 'primary' }).catch(() => undefined);
  await store.close();
  return Buffer.concat(heard).toString('latin1');
}

describe('the MongoDB store', () => {
  it('speaks to a server whose certificate it can verify, by address or by name', async () => {
    expect(await said({ ca: authority.ca })).toMatch(/hello|ismaster/i);
    expect(await said({ ca: authority.ca, serverName: 'mongo.switchyard.test' })).toMatch(
      /hello|ismaster/i,
    );
    expect(await said({ verify: 'off' })).toMatch(/hello|ismaster/i);
  });

  it.each([
    ['is not known', (): ServerTls => ({})],
    ['is another', (): ServerTls => ({ ca: stranger.ca })],
    ['has signed another name', (): ServerTls => ({ ca: authority.ca, serverName: 'other.test' })],
  ])('says nothing to a server whose authority %s', async (_what, settings) => {
    expect(await said(settings())).toBe('');
  });
});
