import {
  currentFrame,
  isSwitchyardError,
  type LocatedRecord,
  type Locator,
  type Place,
  type Placement,
} from '@switchyard/shard-context';

import { printName, StaleRouteError } from '@switchyard/shard-context/internal';
import { declarationOf } from '../declarations/declare.ts';
import type { FleetReader, FoundRow } from './fleet-reader.ts';
import { setOrigin } from '../provenance/origin.ts';
import { failure, misrouted, type Outcome, type Search } from './search.ts';

/** Finds references that name their tenant: on its placement of today, wherever they were made. */
export async function searchByTenant(
  searches: readonly Search[],
  reader: FleetReader,
  locator: Locator,
): Promise<Outcome[]> {
  const tenants = searches.map(({ reference }) => reference.tenant as string);
  const known = await placementsFor(new Map(tenants.map((tenant) => [tenant, 0])), locator);
  const ahead = searches.filter((search) => isAhead(search, known));
  const heard = ahead.length === 0 ? known : await placementsFor(newestEpochs(ahead), locator);
  // What one reference knows better counts for all of its tenant; where no one confirms it, it is
  // that reference which has to wait.
  const placements = new Map([...known, ...[...heard].filter(isPlacement)]);
  const unheard = new Set(ahead.filter((search) => !hasPlacement(search, heard)));
  const sure = searches.filter((search) => !unheard.has(search));
  const outcomes = new Map(await searchAt(sure, reader, placements));
  for (const { reference } of unheard) {
    outcomes.set(reference, heard.get(reference.tenant as string) as LocatedRecord);
  }
  const missing = searches.filter(
    (search) =>
      outcomes.get(search.reference)?.outcome === 'gone' && hasPlacement(search, placements),
  );
  for (const [reference, outcome] of await searchAgain(missing, reader, locator, placements)) {
    outcomes.set(reference, outcome);
  }
  return [...outcomes];
}

/** True for an ID that was made at a later epoch than the directory has heard of here. */
function isAhead({ reference }: Search, known: Placements): boolean {
  const answer = known.get(reference.tenant as string);
  if (answer === undefined || 'outcome' in answer) return false;
  return (reference.epoch ?? 0) > answer.epoch;
}

function isPlacement(entry: [string, Placement | LocatedRecord]): entry is [string, Placement] {
  return !('outcome' in entry[1]);
}

function newestEpochs(searches: readonly Search[]): Map<string, number> {
  const epochs = new Map<string, number>();
  for (const { reference } of searches) {
    const { tenant = '', epoch = 0 } = reference;
    epochs.set(tenant, Math.max(epochs.get(tenant) ?? 0, epoch));
  }
  return epochs;
}

/**
 * The directory may be behind: rows that are missing on a shard that their tenant has left were
 * purged there, and are looked for where the directory sends one who knows that.
 */
async function searchAgain(
  missing: readonly Search[],
  reader: FleetReader,
  locator: Locator,
  placements: Placements,
): Promise<Outcome[]> {
  try {
    const left = await tenantsThatLeft(missing, reader, placements);
    if (left.size === 0) return [];
    const again = missing.filter(({ reference }) => left.has(reference.tenant as string));
    return await searchAt(again, reader, await placementsFor(left, locator));
  } catch (error) {
    return missing.map(({ reference }) => [reference, failure(error)]);
  }
}

/** Tenants whose shard says that they moved away, and the epoch at which they did. */
async function tenantsThatLeft(
  missing: readonly Search[],
  reader: FleetReader,
  placements: Placements,
): Promise<Map<string, number>> {
  const left = new Map<string, number>();
  const shards = new Set(missing.map((search) => placementFor(search, placements).shard));
  for (const shard of shards) {
    const here = missing.filter((search) => placementFor(search, placements).shard === shard);
    const tenants = new Set(here.map(({ reference }) => reference.tenant as string));
    for (const [tenant, { state, epoch }] of await reader.residences(shard, [...tenants])) {
      if (state === 'moved') left.set(tenant, epoch);
    }
  }
  return left;
}

/** Finds references that name their tenant at placements that are known. */
export async function searchAt(
  searches: readonly Search[],
  reader: FleetReader,
  placements: Placements,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const groups = new Map<string, Search[]>();
  for (const search of searches) {
    const refused = refusalOf(search, reader, placements);
    if (refused !== undefined) {
      outcomes.push([search.reference, refused]);
      continue;
    }
    const { shard } = placementFor(search, placements);
    const group = `${search.metadata.name} ${shard}`;
    groups.set(group, [...(groups.get(group) ?? []), search]);
  }
  const found = await Promise.all(
    [...groups.values()].map((group) => findGroup(group, reader, placements)),
  );
  return [...outcomes, ...found.flat()];
}

/** Today's placements, each asked for once; what could not be had stands in its place. */
export type Placements = ReadonlyMap<string, Placement | LocatedRecord>;

/**
 * Asks the directory where each tenant lives, at the epoch that is given or a later one. Unknown
 * tenants are gone, with all their rows.
 */
export async function placementsFor(
  tenants: ReadonlyMap<string, number>,
  locator: Locator,
): Promise<Placements> {
  const asked = [...tenants].map(
    async ([tenant, minEpoch]): Promise<[string, Placement | LocatedRecord]> => {
      try {
        return [tenant, await locator.locateTenant(tenant, minEpoch > 0 ? { minEpoch } : {})];
      } catch (error) {
        const gone = isSwitchyardError(error, 'TENANT_UNKNOWN');
        return [tenant, gone ? { outcome: 'gone' } : { outcome: 'unavailable', cause: error }];
      }
    },
  );
  return new Map(await Promise.all(asked));
}

function hasPlacement({ reference }: Search, placements: Placements): boolean {
  const answer = placements.get(reference.tenant as string);
  return answer !== undefined && !('outcome' in answer);
}

function placementFor({ reference }: Search, placements: Placements): Placement {
  return placements.get(reference.tenant as string) as Placement;
}

function refusalOf(
  search: Search,
  reader: FleetReader,
  placements: Placements,
): LocatedRecord | undefined {
  const { reference, metadata } = search;
  const answer = placements.get(reference.tenant as string);
  if (answer === undefined) return { outcome: 'gone' };
  if ('outcome' in answer) return answer;
  const locked = refusedTo(reader, answer.tenant) ?? leftByLock(answer);
  if (locked !== undefined) return locked;
  const declaration = declarationOf(metadata);
  const local = declaration?.domain === 'sharded' && declaration.ids === 'shardLocal';
  if (!local || reference.shard === answer.shard) return undefined;
  return misrouted(
    `its id is local to ${reference.shard}, and its tenant lives on ${answer.shard}`,
  );
}

/** Rows of another tenant than the one that is meant, or locked to, are not handed out. */
export function refusedTo(
  { tenant: meant }: FleetReader,
  tenant: string,
): LocatedRecord | undefined {
  if (meant !== undefined && meant !== tenant) {
    return misrouted(
      `it is of tenant ${printName(tenant)}, and a record of ${printName(meant)} is meant`,
    );
  }
  const frame = currentFrame();
  const lockedTo = frame?.locked === true ? frame.place?.tenant : undefined;
  if (lockedTo === undefined || lockedTo === tenant) return undefined;
  return misrouted(
    `it is of tenant ${printName(tenant)}, and the context is locked to ${printName(lockedTo)}`,
  );
}

/** Inside a lock on the place that its own tenant has left: the unit of work must begin again. */
function leftByLock({ tenant, shard }: Placement): LocatedRecord | undefined {
  const frame = currentFrame();
  const place = frame?.locked === true ? frame.place : undefined;
  if (place?.tenant !== tenant || place.shard === shard) return undefined;
  const route = { attempted: 'locate a record', shard: place.shard, tenant, movedTo: shard };
  const cause = new StaleRouteError({ ...route, seenEpoch: place.epoch ?? 0 });
  return { outcome: 'unavailable', cause };
}

async function findGroup(
  group: readonly Search[],
  reader: FleetReader,
  placements: Placements,
): Promise<Outcome[]> {
  const [first] = group;
  if (first === undefined) return [];
  let rows: Map<Search, FoundRow>;
  try {
    rows = await reader.rowsOn(placementFor(first, placements).shard, group);
  } catch (error) {
    return group.map(({ reference }) => [reference, failure(error)]);
  }
  const { fleet } = reader.dataSource.topology;
  return group.map((search) => {
    const row = rows.get(search);
    return [search.reference, judge(search, row, { ...placementFor(search, placements), fleet })];
  });
}

function judge(
  { reference }: Search,
  row: FoundRow | undefined,
  home: Placement & { fleet: string },
): LocatedRecord {
  if (row === undefined) return { outcome: 'gone' };
  if (row.tenant !== reference.tenant) {
    return misrouted(`the row belongs to another tenant than ${reference.tenant}`);
  }
  return handOut(row.record, home);
}

/** A found record, with the place at which its tenant lives as its origin. */
function handOut(record: object, home: Placement & { fleet: string }): LocatedRecord {
  const { fleet, shard, tenant, epoch } = home;
  const place: Place = Object.freeze({ fleet, shard, tenant, epoch });
  setOrigin(record, place);
  return { outcome: 'found', record };
}
