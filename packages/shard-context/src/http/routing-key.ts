import { SwitchyardError } from '../errors.ts';
import type { RoutingKey } from '../ports.ts';

/** Longer than any key or token that fits in a request's headers, short enough to hash for nothing. */
const MAX_VALUE_LENGTH = 8_192;

/** `keyOf(request)` answered something that is not a routing key. The directory was not asked. */
export class RoutingKeyMalformedError extends SwitchyardError {
  static override readonly code = 'ROUTING_KEY_MALFORMED';
  constructor(reason: string) {
    super({
      attempted: 'read the routing key of a request',
      reason,
      remedy: 'Send the key once and whole, or let keyOf answer undefined where there is none',
    });
  }
}

/**
 * Refuses what is not a routing key, before the directory is asked. A header that was sent twice
 * arrives as an array, and `undefined` pasted into a template is a string: only the shape is seen
 * here, the format of each kind is the directory's.
 * @throws RoutingKeyMalformedError without the value
 */
export function checkRoutingKey(key: RoutingKey): void {
  const { kind, value } = key as { kind: unknown; value: unknown };
  if (typeof kind !== 'string' || kind === '') throw new RoutingKeyMalformedError('it has no kind');
  if (typeof value !== 'string') throw new RoutingKeyMalformedError('its value is not text');
  if (value === '') throw new RoutingKeyMalformedError('its value is empty');
  if (value.length > MAX_VALUE_LENGTH) {
    throw new RoutingKeyMalformedError(`its value is longer than ${MAX_VALUE_LENGTH} characters`);
  }
}
