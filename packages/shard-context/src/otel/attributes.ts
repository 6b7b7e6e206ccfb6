import type { Attributes } from '@opentelemetry/api';
import type { Frame } from '../frame.ts';

/**
 * The attributes of a shard context: `switchyard.fleet`, `.shard`, `.tenant`, `.epoch`, `.role`.
 * OpenTelemetry has no word for a shard, so the prefix is ours. Empty without a place.
 * @see OpenTelemetry semantic conventions, "Attribute naming": prefix custom attributes
 */
export function shardAttributes(frame: Frame | undefined): Attributes {
  if (frame?.place === undefined) return {};
  const { fleet, shard, tenant, epoch } = frame.place;
  const attributes: Attributes = {
    'switchyard.fleet': fleet,
    'switchyard.shard': shard,
    'switchyard.role': frame.role,
  };
  if (tenant !== undefined) attributes['switchyard.tenant'] = tenant;
  if (epoch !== undefined) attributes['switchyard.epoch'] = epoch;
  return attributes;
}
