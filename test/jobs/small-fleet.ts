import {
  currentFrame,
  defineTopology,
  ShardContext,
  type LocatedRecord,
  type Locator,
  type LocateOptions,
  type Placement,
  type RecordLocator,
  type RecordReference,
  type RoutingKey,
} from '@switchyard/shard-context';
import { KeyUnknownError, TenantUnknownError } from '@switchyard/shard-context/internal';

/** A row of the small fleet: the same ids stand on every shard, so that a read on the wrong shard is noticed. */
export class Account {
  readonly id: string;
  readonly shard: string;
  readonly tenant: string | undefined;
  readonly epoch: number | undefined;

  constructor(id: string, shard: string, tenant?: string, epoch?: number) {
    this.id = id;
    this.shard = shard;
    this.tenant = tenant;
    this.epoch = epoch;
  }
}

/**
 * The ports that jobs need, written by hand and in memory: enough to see where a job runs and what
 * it is handed, without the directory and the data layer. The scenarios use the real ones.
 */
export class SmallFleet implements Locator, RecordLocator {
  readonly context = new ShardContext(
    defineTopology({
      fleet: 'acme',
      regions: ['us'],
      servers: [
        {
          name: 's',
          region: 'us',
          engine: 'mariadb',
          writer: { host: 'localhost' },
          credentials: () => ({ user: 'u', password: 'p' }),
        },
      ],
      shards: ['us1', 'us2', 'eu1'].map((name, i) => ({
        name,
        ordinal: i + 1,
        server: 's',
        database: name,
      })),
    }),
  );
  readonly placements = new Map<string, Placement>();
  readonly keys = new Map<string, string>();
  /** Every batch of records that was looked for. */
  readonly located: (readonly RecordReference[])[] = [];
  /** Overrides what becomes of a record, by its id. */
  readonly outcomes = new Map<string, LocatedRecord>();
  /** Thrown by the next question to the directory, once. */
  failNext: Error | undefined;

  constructor() {
    this.move('t_1', 'us1');
    this.move('t_2', 'us2');
    this.move('t_3', 'eu1');
  }

  /** Places a tenant, at the epoch after its last. */
  move(tenant: string, shard: string, state: Placement['state'] = 'active'): void {
    const epoch = (this.placements.get(tenant)?.epoch ?? 0) + 1;
    this.placements.set(tenant, { tenant, shard, epoch, state });
  }

  /** Runs `fn` in the context of a tenant. */
  async for<T>(tenant: string, fn: () => T): Promise<Awaited<T>> {
    const placement = await this.locateTenant(tenant);
    return await this.context.onPlacement(placement, fn);
  }

  /** A record of the tenant, as if it had just been loaded. */
  account(tenant: string, id = '1'): Account {
    const { shard, epoch } = this.placements.get(tenant) as Placement;
    return new Account(id, shard, tenant, epoch);
  }

  async locateKey({ kind, value }: RoutingKey): Promise<Placement> {
    const tenant = this.keys.get(`${kind}:${value}`);
    if (tenant === undefined) throw new KeyUnknownError(kind);
    return this.locateTenant(tenant);
  }

  async locateTenant(tenant: string, options: LocateOptions = {}): Promise<Placement> {
    const failure = this.failNext;
    this.failNext = undefined;
    if (failure !== undefined) throw failure;
    const placement = this.placements.get(tenant);
    if (placement === undefined) throw new TenantUnknownError(tenant);
    if (placement.epoch < (options.minEpoch ?? 0)) throw new TenantUnknownError(tenant);
    return placement;
  }

  async locateMany(references: readonly RecordReference[]): Promise<LocatedRecord[]> {
    this.located.push(references);
    return references.map((reference) => {
      const { id, tenant } = reference;
      const { shard, epoch } = this.placements.get(tenant ?? '') ?? reference;
      const [first = ''] = id;
      const record = new Account(first, shard, tenant, epoch);
      return this.outcomes.get(first) ?? { outcome: 'found', record };
    });
  }

  referenceOf(record: object): RecordReference {
    const { id, shard, tenant, epoch } = record as Account;
    return { model: 'Account', id: [id], shard, tenant, epoch };
  }

  isRecord(value: unknown): value is object {
    return value instanceof Account;
  }
}

/** Where the running code is: `us1/t_1@1`, `us1`, or `nowhere`. */
export function here(): string {
  const place = currentFrame()?.place;
  if (place === undefined) return 'nowhere';
  return place.tenant === undefined
    ? place.shard
    : `${place.shard}/${place.tenant}@${String(place.epoch)}`;
}
