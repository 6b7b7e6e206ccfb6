import type { Credentials, Endpoint, ServerTls } from '@switchyard/shard-context';
import { SwitchyardError } from '@switchyard/shard-context/internal';
import { failureText, isServerError, ServerError } from '../server/server-errors.ts';
import { isTlsRefusal } from '../server/connection-loss.ts';

/** Which server was to be logged in to. */
interface Target {
  readonly server: { readonly name?: string | undefined; readonly tls?: ServerTls | undefined };
  readonly endpoint: Endpoint;
  readonly shard?: string;
}

/** The connection could not be encrypted as `tls` says. No user and no password was sent. */
export class TlsRefusedError extends SwitchyardError {
  static override readonly code = 'TLS_REFUSED';

  constructor(
    target: Target,
    because: { readonly reason: string; readonly remedy: string },
    options?: { cause?: unknown },
  ) {
    super({ attempted: attempt(target), ...shardOf(target), ...because }, options);
  }
}

/** A log-in in clear text was asked for, and the line is not verified. Nothing was sent. */
export class CleartextRefusedError extends SwitchyardError {
  static override readonly code = 'CLEARTEXT_REFUSED';

  constructor(
    target: Target,
    because: { readonly reason: string; readonly remedy: string },
    options?: { cause?: unknown },
  ) {
    super({ attempted: attempt(target), ...shardOf(target), ...because }, options);
  }
}

/**
 * Refuses to send a token in clear text to a server that does not have to prove who it is.
 * @throws CleartextRefusedError
 */
export function refuseCleartext(target: Target, credentials: Credentials): void {
  if (!('cleartext' in credentials)) return;
  const { tls } = target.server;
  if (tls !== undefined && (tls.verify ?? 'full') === 'full') return;
  throw new CleartextRefusedError(target, {
    reason: 'credentials() gives a token in clear text, and `tls` does not verify the server',
    remedy: 'Declare `tls` of the server with its authority (`ca`), and leave `verify` at `full`',
  });
}

/** What a failed log-in has to do with encryption; undefined where it has not. */
export function explainLogin(cause: unknown, target: Target): Error | undefined {
  if (isServerError(cause, ServerError.ER_SECURE_TRANSPORT_REQUIRED)) {
    const reason = 'the server takes encrypted connections only, and `tls` is not declared';
    return new TlsRefusedError(
      target,
      { reason, remedy: 'Declare `tls` of the server' },
      { cause },
    );
  }
  const { code } = cause as { code?: string };
  if (code === 'MYSQL_CLEAR_PASSWORD_NOT_ENABLED') {
    const reason = 'the server asks for the password in clear text';
    const remedy = 'Let credentials() answer { user, token, cleartext: true }, with `tls` declared';
    return new CleartextRefusedError(target, { reason, remedy }, { cause });
  }
  if (!isTlsRefusal(cause)) return undefined;
  return new TlsRefusedError(target, becauseOf(cause, code), { cause });
}

function becauseOf(cause: unknown, code: string | undefined) {
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') {
    const reason = 'the server offers no encryption, and `tls` asks for it';
    return { reason, remedy: 'Turn encryption on at the server: something else may answer there' };
  }
  const text = failureText(cause).replaceAll(/\s+/g, ' ').trim();
  const known = REMEDIES.find(([pattern]) => pattern.test(text));
  return {
    reason: `the certificate or the protocol was not accepted: ${text.replace(/\.$/, '')}`,
    remedy: known?.[1] ?? 'Compare `tls` with what the server is set up for',
  };
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/expired|not yet valid/i, 'Give the server a certificate that is valid today'],
  [/altnames|does not match/i, 'Set `tls.serverName` to the name in the certificate of the server'],
  [/self.signed|issuer|verify the first/i, 'Give the authority of the server in `tls.ca`'],
  [/version|protocol/i, 'Lower `tls.minVersion`, or let the server speak a newer one'],
];

function attempt({ server, endpoint }: Target): string {
  return `log in to server ${server.name ?? `${endpoint.host}:${endpoint.port ?? 3306}`}`;
}

function shardOf({ shard }: Target): { shard?: string } {
  return shard === undefined ? {} : { shard };
}
