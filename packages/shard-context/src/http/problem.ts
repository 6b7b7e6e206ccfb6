import { isSwitchyardError, type SwitchyardError } from '../errors.ts';

/** Media type of a problem's body. @see RFC 9457, section 3 */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/**
 * The answer to a client whose request was refused. Its texts are fixed, because messages of errors
 * name shards and tenants, which clients must not see.
 * @see RFC 9457, "Problem Details for HTTP APIs"
 */
export interface Problem {
  /** Names the kind of problem: `urn:switchyard:problem:KEY_UNKNOWN`. */
  readonly type: string;
  readonly title: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly detail: string;
  /** The code of the error, as in docs/errors.md. */
  readonly code: string;
  /** True where the same request may succeed later. */
  readonly retryable: boolean;
}

/** Seconds after which a retryable problem may be tried again, for the header `Retry-After`. */
export const RETRY_AFTER_SECONDS = 1;

type Words = readonly [status: number, title: string, detail: string];

const WORDS: Readonly<Record<string, Words>> = {
  ROUTING_KEY_MALFORMED: [400, 'Malformed key', 'The key of the request cannot be read.'],
  KEY_UNKNOWN: [404, 'Unknown key', 'The key of the request is not known.'],
  TENANT_NAME_REFUSED: [404, 'Unknown key', 'The key of the request belongs to no tenant.'],
  TENANT_UNKNOWN: [404, 'Unknown key', 'The key of the request belongs to no tenant.'],
  DIRECTORY_UNAVAILABLE: [503, 'Temporarily unavailable', 'The key could not be looked up.'],
  STALE_ROUTE: [503, 'Temporarily unavailable', 'The data has just moved; nothing was written.'],
  TENANT_FROZEN: [503, 'Temporarily unavailable', 'The data is moving; nothing was written.'],
};
const RETRYABLE: Words = [503, 'Temporarily unavailable', 'The request may succeed if repeated.'];
const FAULT: Words = [500, 'Internal error', 'The request could not be served.'];

/**
 * The problem with which an error of Switchyard is answered: 404 for unknown keys, 503 where a retry
 * may succeed, 500 for faults of the service itself such as a missing context. Undefined for every
 * other error: the host handles those.
 */
export function problemOf(error: unknown): Problem | undefined {
  return isSwitchyardError(error) ? describe(error) : undefined;
}

function describe({ code, retryable }: SwitchyardError): Problem {
  const [status, title, detail] = WORDS[code] ?? (retryable ? RETRYABLE : FAULT);
  return { type: `urn:switchyard:problem:${code}`, title, status, detail, code, retryable };
}

/** The headers of a problem's answer. */
export function problemHeaders(problem: Problem): Record<string, string> {
  const headers = { 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store' };
  return problem.status === 503
    ? { ...headers, 'retry-after': String(RETRY_AFTER_SECONDS) }
    : headers;
}
