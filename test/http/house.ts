import { Writable } from 'node:stream';
import pino, { type Logger } from 'pino';
import {
  currentFrame,
  type Frame,
  type Placement,
  type RoutingKey,
  type ShardContext,
} from '@switchyard/shard-context';
import { shardMixin } from '@switchyard/shard-context/pino';
import { startFleet, type Fleet, type FleetOptions } from '../support/fleet/index.ts';
import { Account, Signpost } from './account.ts';
import { startDirectory, type StoppableDirectory } from './stoppable-directory.ts';

const SHARDS = ['us1', 'us2', 'eu1'];

/** Tenants of the suite: several on each of three shards. The API key of `t_1` is `key-t_1`. */
export const TENANTS: readonly Placement[] = Array.from({ length: 9 }, (_, i) => ({
  tenant: `t_${i}`,
  shard: SHARDS[i % SHARDS.length] as string,
  epoch: 1,
  state: 'active',
}));

/** A tenant that no test asks for before the one in which the directory is stopped. */
export const COLD: Placement = { tenant: 't_cold', shard: 'us1', epoch: 1, state: 'active' };

/** Where a piece of code ran, as it travels in answers; null without a context. */
export type Where = { shard: string; tenant: string | undefined; epoch: number | undefined } | null;

/** What an application of the suite is built from. */
export interface House {
  /** Three shards on real servers, with the tenants admitted. */
  readonly fleet: Fleet;
  readonly context: ShardContext;
  readonly directory: StoppableDirectory;
  readonly log: Logger;
  /** Lines logged so far. */
  readonly lines: Record<string, unknown>[];
  /** Frames that routes noted, by what they call them. */
  readonly noted: Map<string, Frame | undefined>;
  close(): Promise<void>;
}

/**
 * A house of its own for each application: nothing is shared between suites.
 * @param server changes to each server's declaration, such as a smaller cap
 */
export async function buildHouse(server: FleetOptions['server'] = {}): Promise<House> {
  const lines: Record<string, unknown>[] = [];
  const fleet = await threeShards(server);
  const directory = await startDirectory(fleet.topology, [...TENANTS, COLD]);
  return {
    fleet,
    context: fleet.context,
    directory,
    log: pino({ mixin: shardMixin }, collect(lines)),
    lines,
    noted: new Map(),
    close: async () => {
      await directory.close();
      await fleet.stop();
    },
  };
}

/** The routing key in a header's value, as a user's `keyOf` would read it. */
export function apiKey(header: string | string[] | undefined): RoutingKey | undefined {
  return header === undefined ? undefined : { kind: 'api-key', value: header as string };
}

/** Where the calling code runs. */
export function whereAmI(): Where {
  const place = currentFrame()?.place;
  if (place === undefined) return null;
  return { shard: place.shard, tenant: place.tenant, epoch: place.epoch };
}

/** The place at which a request with the key of `placement` must run. */
export function placeOf({ shard, tenant, epoch }: Placement): Where {
  return { shard, tenant, epoch };
}

async function threeShards(server: FleetOptions['server'] = {}): Promise<Fleet> {
  const at = (shard: string) => [...TENANTS, COLD].filter((placement) => placement.shard === shard);
  const fleet = await startFleet({
    shards: SHARDS,
    entities: [Account, Signpost],
    server,
    tenants: Object.fromEntries(SHARDS.map((shard) => [shard, at(shard).map((p) => p.tenant)])),
  });
  for (const shard of SHARDS) {
    await fleet.rows(shard, 'INSERT INTO signpost (id, shard) VALUES (1, ?)', [shard]);
  }
  return fleet;
}

function collect(lines: Record<string, unknown>[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
}
