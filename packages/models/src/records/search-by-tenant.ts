import {
  currentFrame,
  isSwitchyardError,
  type LocatedRecord,
  type Locator,
  type Place,
  type Placement,
} from '@switchyard/shard-context';
import { declarationOf } from '../declarations/declare.ts';
import { searchKey, type FleetReader, type FoundRow } from './fleet-reader.ts';
import { setOrigin } from './origin.ts';
import { failure, misrouted, type Outcome, type Search } from './search.ts';

/** Finds references that name their tenant: on its placement of today, wherever they were made. */
export async function searchByTenant(
  searches: readonly Search[],
  reader: FleetReader,
  locator: Locator,
): Promise<Outcome[]> {
  const placements = await placementsOf(searches, locator);
  const outcomes: Outcome[] = [];
  const groups = new Map<string, Search[]>();
  for (const search of searches) {
    const refused = refusalOf(search, placements);
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

/** Asks the directory where each tenant lives. Unknown tenants are gone, with all their rows. */
export async function placementsFor(
  tenants: Iterable<string>,
  locator: Locator,
): Promise<Placements> {
  const asked = [...new Set(tenants)].map(
    async (tenant): Promise<[string, Placement | LocatedRecord]> => {
      try {
        return [tenant, await locator.locateTenant(tenant)];
      } catch (error) {
        const gone = isSwitchyardError(error, 'TENANT_UNKNOWN');
        return [tenant, gone ? { outcome: 'gone' } : { outcome: 'unavailable', cause: error }];
      }
    },
  );
  return new Map(await Promise.all(asked));
}

function placementsOf(searches: readonly Search[], locator: Locator): Promise<Placements> {
  const tenants = searches.map(({ reference }) => reference.tenant as string);
  return placementsFor(tenants, locator);
}

function placementFor({ reference }: Search, placements: Placements): Placement {
  return placements.get(reference.tenant as string) as Placement;
}

function refusalOf(search: Search, placements: Placements): LocatedRecord | undefined {
  const { reference, metadata } = search;
  const answer = placements.get(reference.tenant as string);
  if (answer === undefined) return { outcome: 'gone' };
  if ('outcome' in answer) return answer;
  const locked = refusedByLock(answer.tenant);
  if (locked !== undefined) return locked;
  const declaration = declarationOf(metadata);
  const local = declaration?.domain === 'sharded' && declaration.ids === 'shardLocal';
  if (!local || reference.shard === answer.shard) return undefined;
  return misrouted(
    `its id is local to ${reference.shard}, and its tenant lives on ${answer.shard}`,
  );
}

/** Inside a lock, rows of another tenant than its own are not handed out. */
export function refusedByLock(tenant: string): LocatedRecord | undefined {
  const frame = currentFrame();
  const lockedTo = frame?.locked === true ? frame.place?.tenant : undefined;
  if (lockedTo === undefined || lockedTo === tenant) return undefined;
  return misrouted(`it is of tenant ${tenant}, and the context is locked to ${lockedTo}`);
}

async function findGroup(
  group: readonly Search[],
  reader: FleetReader,
  placements: Placements,
): Promise<Outcome[]> {
  const [first] = group;
  if (first === undefined) return [];
  let rows: Map<string, FoundRow>;
  try {
    rows = await reader.rowsOn(placementFor(first, placements).shard, group);
  } catch (error) {
    return group.map(({ reference }) => [reference, failure(error)]);
  }
  const { fleet } = reader.dataSource.topology;
  return group.map((search) => {
    const row = rows.get(searchKey(search));
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
export function handOut(record: object, home: Placement & { fleet: string }): LocatedRecord {
  const { fleet, shard, tenant, epoch } = home;
  const place: Place = Object.freeze({ fleet, shard, tenant, epoch });
  setOrigin(record, place);
  return { outcome: 'found', record };
}
