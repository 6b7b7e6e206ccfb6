import type { LocatedRecord, Locator } from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import { declarationOf } from '../declarations/declare.ts';
import type { FleetReader, FoundRow, Residence } from './fleet-reader.ts';
import { failure, misrouted, type Outcome, type Search } from './search.ts';
import { placementsFor, refusedTo, searchAt, type Placements } from './search-by-tenant.ts';

/**
 * Finds references that name a shard and no tenant. A row is returned only where the shard's own
 * record says that its tenant lives there; a tenant that moved is followed, and what is not there
 * at all is looked for on the shards to which tenants of this one moved.
 */
export async function searchByShard(
  searches: readonly Search[],
  reader: FleetReader,
  locator: Locator,
): Promise<Outcome[]> {
  const groups = new Map<string, Search[]>();
  for (const search of searches) {
    const group = `${search.metadata.name} ${search.reference.shard}`;
    groups.set(group, [...(groups.get(group) ?? []), search]);
  }
  const found = await Promise.all(
    [...groups.values()].map((group) => new ShardSearch(reader, locator).run(group)),
  );
  return found.flat();
}

/** The search for rows of one model that were last seen on one shard. */
class ShardSearch {
  readonly #reader: FleetReader;
  readonly #locator: Locator;

  constructor(reader: FleetReader, locator: Locator) {
    this.#reader = reader;
    this.#locator = locator;
  }

  async run(group: readonly Search[]): Promise<Outcome[]> {
    const shard = group[0]?.reference.shard ?? '';
    try {
      const { outcomes, missing } = await this.#on(shard, group);
      return [...outcomes, ...(await this.#elsewhere(shard, missing))];
    } catch (error) {
      return group.map(({ reference }) => [reference, failure(error)]);
    }
  }

  /** What one shard says: outcomes for the rows it has, and the searches it has no row for. */
  async #on(
    shard: string,
    group: readonly Search[],
  ): Promise<{ outcomes: Outcome[]; missing: Search[] }> {
    const rows = await this.#reader.rowsOn(shard, group);
    const tenants = [...rows.values()].flatMap(({ tenant }) => tenant ?? []);
    const residences = await this.#reader.residences(shard, [...new Set(tenants)]);
    const outcomes: Outcome[] = [];
    const missing: Search[] = [];
    const away: AwayRow[] = [];
    for (const search of group) {
      const row = rows.get(search);
      const { tenant } = row ?? {};
      const residence = tenant === undefined ? undefined : residences.get(tenant);
      if (row === undefined) missing.push(search);
      else if (tenant === undefined) outcomes.push([search.reference, ownRow(row)]);
      else if (residence?.state === 'active')
        outcomes.push([search.reference, refusedTo(this.#reader, tenant) ?? ownRow(row)]);
      else away.push({ search, row, tenant, residence });
    }
    return { outcomes: [...outcomes, ...(await this.#follow(shard, away))], missing };
  }

  /**
   * Rows that are here although their tenant is not active here: left behind by a move, on their way
   * in, or frozen. Only the directory can tell whose copy counts, and only one that is as far as the
   * shard: while a tenant is frozen here, that is the epoch after, when the move is settled.
   */
  async #follow(shard: string, away: readonly AwayRow[]): Promise<Outcome[]> {
    const epochs = new Map(away.map(({ tenant, residence }) => [tenant, settledAt(residence)]));
    const placements = await placementsFor(epochs, this.#locator);
    const isHere = ({ tenant }: AwayRow): boolean => {
      const placement = placements.get(tenant);
      return placement !== undefined && !('outcome' in placement) && placement.shard === shard;
    };
    const here = away
      .filter(isHere)
      .map((row): Outcome => [row.search.reference, judgeHere(shard, row, this.#reader)]);
    const elsewhere = away.filter((row) => !isHere(row));
    return [...here, ...(await this.#atHome(elsewhere, placements))];
  }

  /** The rows where their tenants live. Outcomes are those of the references that were given. */
  async #atHome(away: readonly AwayRow[], placements: Placements): Promise<Outcome[]> {
    const routed = away.map(({ search, tenant }) => withTenant(search, tenant));
    const found = new Map(await searchAt(routed, this.#reader, placements));
    return away.map(({ search }, i) => {
      const outcome = found.get(routed[i]?.reference ?? search.reference);
      return [search.reference, outcome ?? { outcome: 'gone' }];
    });
  }

  /** Purged after a move: fleet-unique ids are looked for where tenants of this shard went. */
  async #elsewhere(from: string, missing: readonly Search[]): Promise<Outcome[]> {
    const movable = missing.filter(isFleetUnique);
    const outcomes: Outcome[] = missing
      .filter((search) => !movable.includes(search))
      .map(({ reference }) => [reference, { outcome: 'gone' }]);
    if (movable.length === 0) return outcomes;
    return [...outcomes, ...(await this.#alongMoves(from, movable))];
  }

  async #alongMoves(from: string, movable: readonly Search[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const asked = new Set([from]);
    let waiting = await this.#reader.movedTo(from);
    let missing = [...movable];
    let unavailable: LocatedRecord | undefined;
    while (waiting.length > 0 && missing.length > 0) {
      const next = waiting.shift() as string;
      if (asked.has(next)) continue;
      asked.add(next);
      try {
        const there = await this.#on(next, missing);
        outcomes.push(...there.outcomes);
        missing = there.missing;
        waiting = [...waiting, ...(await this.#reader.movedTo(next))];
      } catch (error) {
        unavailable = failure(error); // the row may be on the shard that did not answer
      }
    }
    const rest = unavailable ?? { outcome: 'gone' };
    return [...outcomes, ...missing.map(({ reference }): Outcome => [reference, rest])];
  }
}

/** A row on a shard on which its tenant is not active, and what the shard records of the tenant. */
interface AwayRow {
  readonly search: Search;
  readonly row: FoundRow;
  readonly tenant: string;
  readonly residence: Residence | undefined;
}

/** The epoch from which on the directory knows more of the tenant than this shard does. */
function settledAt(residence: Residence | undefined): number {
  if (residence === undefined) return 0;
  const isHeld = residence.state === 'frozen' || residence.state === 'sealed';
  return isHeld ? residence.epoch + 1 : residence.epoch;
}

/** A row whose tenant the directory has here: thawed, or taken over and about to be activated. */
function judgeHere(
  shard: string,
  { row, tenant, residence }: AwayRow,
  reader: FleetReader,
): LocatedRecord {
  if (residence === undefined) {
    return misrouted(
      `${shard} has no record of the tenant ${printName(tenant)} whose row it holds`,
    );
  }
  return refusedTo(reader, tenant) ?? ownRow(row);
}

/** The origin that loading gave it stays: the shard, and no tenant, as the reference had none. */
function ownRow({ record }: FoundRow): LocatedRecord {
  return { outcome: 'found', record };
}

function withTenant({ reference, metadata }: Search, tenant: string): Search {
  return { metadata, reference: { ...reference, tenant } };
}

function isFleetUnique({ metadata }: Search): boolean {
  const declaration = declarationOf(metadata);
  if (declaration?.domain !== 'sharded') return false;
  return declaration.ids === 'interleaved' || declaration.ids === 'uuid';
}
