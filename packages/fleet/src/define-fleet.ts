import type { FleetOptions } from './fleet-options.ts';
import { SwitchyardFleet } from './switchyard-fleet.ts';

/**
 * Puts a fleet together: topology, lock file, context, data source, directory, tenant table, router
 * and records. In `switchyard.config.ts`, as its default export, it is what service, worker, command
 * line and tests import. It opens nothing.
 *
 * @example
 * const server = { region: 'us', ...serverAt(process.env['US1_URL']) };
 * export default defineFleet({
 *   config: import.meta.url,
 *   fleet: 'shop',
 *   regions: ['us'],
 *   shards: [{ name: 'us1', ordinal: 1, database: 'shop', server }],
 *   directory: { server: 'us1', keyHash: { current: { id: 'k1', secret } } },
 *   entities: [Account],
 * });
 * @throws TopologyInvalidError, FleetOptionsInvalidError, OptionRefusedError,
 *   DirectoryOptionsInvalidError: all before anything is opened
 */
export function defineFleet(options: FleetOptions): SwitchyardFleet {
  return new SwitchyardFleet(options);
}

/**
 * Starts a fleet, once: `await using fleet = await start(definition)`. What it opens is closed at the
 * end of the block, or by `fleet.close()`.
 * @throws FleetUsedError where it was started or closed before, and what
 *   `ShardedDataSource.initialize` throws; nothing is left open then
 */
export function start(fleet: SwitchyardFleet): Promise<SwitchyardFleet> {
  return fleet.start();
}
