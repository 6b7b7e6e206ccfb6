import {
  currentFrame,
  type Frame,
  type Place,
  type Role,
  type Shard,
} from '@switchyard/shard-context';
import type { Acquired, FleetPools } from '@switchyard/mysql/internal';
import type { DataSource } from 'typeorm';
import { WriteNotFencedError } from '../runner/runner-errors.ts';
import type { RunnerHome } from '../runner/runner-home.ts';
import type { Statement } from '../statements/classify.ts';
import type { TenantTables } from './tenant-tables.ts';

/** What the homes of all runners of a data source share. */
export interface HomeParts {
  readonly pools: FleetPools;
  readonly tenantTables: () => TenantTables;
}

/** The home of a runner: its shard's pools, its place, and the rule for writes without a tenant. */
export class PlacedHome implements RunnerHome {
  readonly dataSource: DataSource;
  readonly place: Place;
  readonly frame: Frame | undefined;
  readonly #shard: Shard;
  readonly #parts: HomeParts;

  constructor(
    parts: HomeParts,
    shard: Shard,
    at: { dataSource: DataSource; place: Place; frame: Frame | undefined },
  ) {
    this.dataSource = at.dataSource;
    this.place = at.place;
    this.frame = at.frame;
    this.#shard = shard;
    this.#parts = parts;
  }

  acquire(role: Role): Promise<Acquired> {
    return this.#parts.pools.acquire(this.#shard, role);
  }

  refuseUnfenced(statement: Statement, sql: string): void {
    if (!changesRows(statement)) return;
    if ((currentFrame() ?? this.frame)?.unfenced !== undefined) return;
    const found = this.#parts.tenantTables().foundIn(sql, statement);
    if (found === undefined) return;
    throw new WriteNotFencedError(`run ${statement.verb}`, this.place.shard, found);
  }
}

/** The home of a runner that was made without a context while that is only reported. */
export class ReportedHome extends PlacedHome {
  readonly #report: (sql: string) => void;

  constructor(
    parts: HomeParts,
    shard: Shard,
    at: { dataSource: DataSource; place: Place; report: (sql: string) => void },
  ) {
    super(parts, shard, { ...at, frame: undefined });
    this.#report = at.report;
  }

  override refuseUnfenced(_statement: Statement, sql: string): void {
    this.#report(sql);
  }
}

/** DDL has no rows of one tenant; TRUNCATE is DDL to the server and a delete of all rows to us. */
function changesRows({ kind, verb }: Statement): boolean {
  return kind === 'write' || kind === 'call' || kind === 'unknown' || verb === 'TRUNCATE';
}
