import { verify, type KeyObject } from 'node:crypto';

/** What a session token of the provider says. The ids are the provider's own. */
export interface Session {
  /** The provider's id of the user: `user_2bX`. */
  readonly sub: string;
  /** The provider's id of the organisation that the user has chosen, where there is one. */
  readonly org_id?: string;
}

/** What a token is checked against. */
export interface SessionRules {
  readonly issuer: string;
  readonly audience: string;
  /** The provider's public keys by their id, from its JWKS document: loaded at start, not per request. */
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** The session cannot be trusted. Fastify answers 401. */
export class SessionInvalidError extends TypeError {
  readonly statusCode = 401;
}

/**
 * The session in a token, verified locally.
 * @throws SessionInvalidError whatever is wrong with it; why is no one's business outside
 */
export function verifySession(token: string, rules: SessionRules): Session {
  const [head = '', body = '', signature = '', ...rest] = token.split('.');
  const header = partOf(head);
  const key = rules.publicKeys.get(String(header['kid']));
  // The algorithm is ours to choose: a token that chose it could choose `none`.
  if (key === undefined || header['alg'] !== 'EdDSA' || rest.length > 0) throw invalid();
  const signed = Buffer.from(`${head}.${body}`);
  if (!verify(null, signed, key, Buffer.from(signature, 'base64url'))) throw invalid();
  const claims = partOf(body);
  const isCurrent = typeof claims['exp'] === 'number' && claims['exp'] > rules.now();
  const isOurs = claims['iss'] === rules.issuer && claims['aud'] === rules.audience;
  if (!isCurrent || !isOurs || typeof claims['sub'] !== 'string') throw invalid();
  const organisation = claims['org_id'];
  return typeof organisation === 'string'
    ? { sub: claims['sub'], org_id: organisation }
    : { sub: claims['sub'] };
}

function partOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(text, 'base64url').toString())) as Record<string, unknown>;
  } catch {
    throw invalid();
  }
}

function invalid(): SessionInvalidError {
  return new SessionInvalidError('the session is not valid');
}
