import { describe, expect, it } from 'vitest';
import { serverAt } from './server-at.ts';

describe('a server in one URL', () => {
  it('says product, address and log-in, percent-encoded', () => {
    const { engine, writer, credentials } = serverAt('mariadb://app%40eu:p%2Fw@db.internal:3307');
    expect([engine, writer]).toEqual(['mariadb', { host: 'db.internal', port: 3307 }]);
    expect(credentials()).toEqual({ user: 'app@eu', password: 'p/w' });
  });

  it('may be at an IPv6 address and at the default port', () => {
    expect(serverAt('mysql://root@[::1]')).toMatchObject({
      engine: 'mysql',
      writer: { host: '::1' },
    });
  });

  it.each([
    ['is not set', undefined],
    ['is empty', ''],
    ['is not a URL', 'root:secret-of-db@'],
    ['is of another product', 'postgres://root:secret-of-db@db'],
    ['names a database', 'mysql://root:secret-of-db@db/app'],
    ['is not percent-encoded', 'mysql://root:secret-of-db%@db'],
  ])('is refused where it %s, and never shown', (_what, url) => {
    const reading = () => serverAt(url);
    expect(reading).toThrow(expect.objectContaining({ code: 'FLEET_OPTIONS_INVALID' }));
    expect(reading).not.toThrow(/secret-of-db/);
  });
});
