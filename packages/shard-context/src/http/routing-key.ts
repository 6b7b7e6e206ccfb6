import type { RoutingKey } from '../ports/locators.ts';
import { RoutingKeyMalformedError } from '../routing-errors.ts';

/** Longer than any key or token that fits in a request's headers; hashing this much costs little. */
const MAX_VALUE_LENGTH = 8_192;

/**
 * The value of a header of Node's request, or an array of all values where it was sent more than
 * once. An array as a routing key is refused as `ROUTING_KEY_MALFORMED`. `request.headers` does not
 * show repeated headers, because Node joins most (`a, b`) and keeps the first of some
 * (`authorization`).
 */
export function headerValue(
  request: { readonly rawHeaders: readonly string[] },
  name: string,
): string | string[] | undefined {
  const { rawHeaders } = request;
  const isIt = (_: string, i: number) =>
    i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name.toLowerCase();
  const values = rawHeaders.filter(isIt);
  return values.length > 1 ? values : values[0];
}

/** Node's own request, or a host's request or context that has it. */
type NodeRequest = { readonly rawHeaders: readonly string[] };
type HostRequest = NodeRequest | { readonly raw: NodeRequest } | { readonly req: NodeRequest };

/**
 * `keyOf` for a key that is the whole value of one header, on Express, Fastify, Koa and Nest:
 * `keyOf: keyInHeader('x-api-key')`. A request without the header runs without a context; a header that
 * was sent twice is refused as `ROUTING_KEY_MALFORMED`. `kind`: default `api-key`.
 */
export function keyInHeader(name: string, kind = 'api-key') {
  return (request: HostRequest): RoutingKey | undefined => {
    const value = headerValue(nodeRequestOf(request), name);
    // Several values are an array, not text: checkRoutingKey refuses it.
    return value === undefined ? undefined : { kind, value: value as string };
  };
}

function nodeRequestOf(request: HostRequest): NodeRequest {
  if ('rawHeaders' in request) return request;
  return 'raw' in request ? request.raw : request.req;
}

/**
 * Refuses a value that is not a routing key, before the directory is asked: for example the array
 * that `headerValue` returns for a header that was sent twice. Only the shape is checked here, so an
 * `undefined` in a template, which is a string, passes: the directory knows the format of each kind.
 * @throws RoutingKeyMalformedError without the value
 */
export function checkRoutingKey(key: RoutingKey): void {
  const { kind, value } = (key ?? {}) as { kind?: unknown; value?: unknown };
  if (typeof kind !== 'string' || kind === '') throw new RoutingKeyMalformedError('it has no kind');
  if (typeof value !== 'string') throw new RoutingKeyMalformedError('its value is not text');
  if (value === '') throw new RoutingKeyMalformedError('its value is empty');
  // UTF-8 encodes every lone surrogate as the same character, so two keys would be taken for one.
  if (!value.isWellFormed()) throw new RoutingKeyMalformedError('its value is no sound text');
  if (value.length > MAX_VALUE_LENGTH) {
    throw new RoutingKeyMalformedError(`its value is longer than ${MAX_VALUE_LENGTH} characters`);
  }
}
