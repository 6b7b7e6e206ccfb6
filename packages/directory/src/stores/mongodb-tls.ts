import { createSecureContext } from 'node:tls';
import type { Pem, ServerTls } from '@switchyard/shard-context';
import type { MongoClientOptions } from 'mongodb';

/** How every connection of a client is encrypted, as MongoDB's driver takes it. */
export function mongoTls(tls: ServerTls | undefined): MongoClientOptions {
  if (tls === undefined) return {};
  const { ca, cert, key, passphrase, serverName, minVersion = 'TLSv1.2', verify = 'full' } = tls;
  const secureContext = createSecureContext({
    minVersion,
    ...(ca === undefined ? {} : { ca: listOf(ca) }),
    ...(cert === undefined ? {} : { cert: listOf(cert) }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return {
    tls: true,
    secureContext,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(verify === 'off' ? { tlsAllowInvalidCertificates: true } : {}),
    ...(verify === 'full' ? {} : { tlsAllowInvalidHostnames: true }),
  };
}

function listOf(pem: Pem): string[] {
  return Array.isArray(pem) ? pem.map(String) : [String(pem)];
}
