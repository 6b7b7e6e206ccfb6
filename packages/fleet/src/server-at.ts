import type { Credentials, Endpoint, Engine } from '@switchyard/shard-context';
import { FleetOptionsInvalidError } from './fleet-errors.ts';

/** The part of a server's declaration that a URL says. */
export interface ServerAddress {
  readonly engine: Engine;
  readonly writer: Endpoint;
  readonly credentials: () => Credentials;
}

const EXPECTED = 'expected mysql://user:password@host:port, or mariadb:// for MariaDB';

/**
 * Product, address and log-in of a server from one URL, as deployments keep it in one variable:
 * `{ name: 'us-a', region: 'us', ...serverAt(process.env.US1_URL) }`. Where passwords rotate, declare
 * `credentials` by hand: it is asked for each new connection.
 * @throws FleetOptionsInvalidError, which never shows the URL, because a password stands in it
 */
export function serverAt(url: string | undefined): ServerAddress {
  if (url === undefined || url === '') throw refused('it is not set');
  if (!URL.canParse(url)) throw refused(`it is not a URL: ${EXPECTED}`);
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const engine = protocol.slice(0, -1);
  if ((engine !== 'mysql' && engine !== 'mariadb') || hostname === '') throw refused(EXPECTED);
  if (pathname.length > 1) throw refused('it names a database, which each shard declares itself');
  const login = Object.freeze({ user: decoded(username), password: decoded(password) });
  const host = hostname.replace(/^\[(.*)\]$/, '$1'); // an IPv6 address stands in brackets
  const writer = port === '' ? { host } : { host, port: Number(port) };
  return { engine, writer, credentials: () => login };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused('its user or password is not percent-encoded');
  }
}

function refused(problem: string): FleetOptionsInvalidError {
  return new FleetOptionsInvalidError([`the URL given to serverAt(): ${problem}`]);
}
