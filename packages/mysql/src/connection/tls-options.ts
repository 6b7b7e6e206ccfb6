import { connect, type Socket } from 'node:net';
import type { Endpoint, Pem, ServerTls } from '@switchyard/shard-context';
import type { ConnectionOptions } from 'mysql2/promise';

const DEFAULT_MIN_VERSION = 'TLSv1.2';

/** mysql2 resumes TLS sessions per object of settings: one for each `tls` of a topology. */
const known = new WeakMap<ServerTls, NonNullable<ConnectionOptions['ssl']>>();

/** Where a connection goes, and how it is encrypted, as mysql2 takes it. */
export function addressOf(
  { tls }: { readonly tls?: ServerTls | undefined },
  endpoint: Required<Endpoint>,
): ConnectionOptions {
  if (tls === undefined) return { ...endpoint };
  const name = tls.serverName ?? endpoint.host;
  return {
    // mysql2 holds the certificate against the name of the host; where the host is, `stream` says.
    host: name,
    port: endpoint.port,
    ssl: sslOf(tls),
    stream: () => socketTo(endpoint, name),
  };
}

/**
 * A socket that knows the name its server must prove. Node's TLS takes it from there where mysql2
 * gives none, which is so for IP addresses: they would be compared with `localhost`.
 */
function socketTo(endpoint: Required<Endpoint>, name: string): Socket {
  const socket = connect({ ...endpoint, noDelay: true, keepAlive: true });
  return Object.assign(socket, { _host: name });
}

function sslOf(tls: ServerTls): NonNullable<ConnectionOptions['ssl']> {
  const before = known.get(tls);
  if (before !== undefined) return before;
  const verify = tls.verify ?? 'full';
  const ssl = {
    ...(tls.ca === undefined ? {} : { ca: listOf(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: listOf(tls.cert).join('\n') }),
    ...(tls.key === undefined ? {} : { key: String(tls.key) }),
    ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
    minVersion: tls.minVersion ?? DEFAULT_MIN_VERSION,
    rejectUnauthorized: verify !== 'off',
    verifyIdentity: verify === 'full',
  };
  known.set(tls, ssl);
  return ssl;
}

function listOf(pem: Pem): string[] {
  return Array.isArray(pem) ? pem.map(String) : [String(pem)];
}
