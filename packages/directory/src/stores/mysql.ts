import type {
  Credentials,
  Endpoint,
  Placement,
  PlacementState,
  ServerTls,
} from '@switchyard/shard-context';
import {
  escapeIdentifier,
  explainGrant,
  isGrantMissing,
  isServerError,
  logIn,
  ServerError,
} from '@switchyard/mysql/internal';
import type { RowDataPacket } from 'mysql2';
import type {
  ChangedPlacements,
  DirectoryStore,
  FoundKey,
  StoreReadOptions,
  StoredKey,
} from '../contract/directory-store.ts';
import { DirectoryNotPreparedError } from '../contract/errors.ts';
import { MySqlSessions, type MySqlSession } from './mysql-sessions.ts';
import {
  FORMAT,
  KEY_COLUMNS,
  marks,
  NOW_US,
  paddedLength,
  PLACEMENT_COLUMNS,
  TABLES,
} from './mysql-tables.ts';

const DEFAULT_MAX_CONNECTIONS = 8;
/** mysql2's default for statements reserves 510 KB per connection. */
const OPEN = { connectTimeoutMs: 2_000, maxPreparedStatements: 64 };
/** A change commits at most this long after it took its mark: writes time out earlier. */
const OVERLAP_US = 15_000_000;
const CHANGES_PER_PAGE = 5_000;

/** The server of a directory's database; a server of the topology fits. */
export interface MySqlStoreServer {
  readonly writer: Endpoint;
  /** Asked for each new connection, so that passwords rotate without a restart. */
  readonly credentials: () => Credentials | Promise<Credentials>;
  /** Encrypts every connection. Default: not encrypted. */
  readonly tls?: ServerTls | undefined;
}

/** What a MySQL store is made with. */
export interface MySqlStoreOptions {
  readonly server: MySqlStoreServer;
  /** Created by `prepare` where it is missing. */
  readonly database: string;
  /** Most connections of this process. Default 8. */
  readonly maxConnections?: number;
}

/**
 * Keeps keys and placements in MySQL or MariaDB: the embedded default, which needs nothing that a
 * shard does not need. Every operation is one statement on one row, or a read by primary keys.
 */
export class MySqlStore implements DirectoryStore {
  readonly name = 'mysql';
  readonly nearestMayLag = false;
  readonly #options: MySqlStoreOptions;
  readonly #connections: MySqlSessions;

  /** Opens nothing: the first operation does. */
  constructor(options: MySqlStoreOptions) {
    this.#options = options;
    const { server, database, maxConnections = DEFAULT_MAX_CONNECTIONS } = options;
    this.#connections = new MySqlSessions({ server, database, maxConnections, open: OPEN });
  }

  /** @throws DirectoryNotPreparedError where a newer release has made the tables */
  async prepare(): Promise<void> {
    await this.#createDatabase();
    const format = await this.#use(async (session) => {
      for (const table of TABLES) await session.execute(table);
      const [row] = await session.execute('SELECT format FROM directory_format');
      return Number(row?.['format']);
    });
    if (format === FORMAT) return;
    throw new DirectoryNotPreparedError(
      this.name,
      `its tables have format ${format}, not ${FORMAT}`,
    );
  }

  /** @see DirectoryStore.findKeys */
  async findKeys(digests: readonly string[], { signal }: StoreReadOptions): Promise<FoundKey[]> {
    const length = paddedLength(digests.length);
    const sql =
      `SELECT ${KEY_COLUMNS}, ${PLACEMENT_COLUMNS} FROM directory_keys k ` +
      `LEFT JOIN directory_placements p ON p.tenant = k.tenant WHERE k.digest IN (${marks(length)})`;
    const values = padded(digests.map(bytesOf), length);
    const rows = await this.#use((session) => session.execute(sql, values), signal);
    return rows.map((row) => ({ ...keyOf(row), placement: placementOf(row) }));
  }

  /** @see DirectoryStore.findPlacements */
  async findPlacements(
    tenants: readonly string[],
    { signal }: StoreReadOptions,
  ): Promise<Placement[]> {
    const length = paddedLength(tenants.length);
    const sql = `SELECT ${PLACEMENT_COLUMNS} FROM directory_placements p WHERE p.tenant IN (${marks(length)})`;
    const values = padded(
      tenants.map((tenant) => Buffer.from(tenant)),
      length,
    );
    const rows = await this.#use((session) => session.execute(sql, values), signal);
    return rows.map((row) => placementOf(row) as Placement);
  }

  /** @see DirectoryStore.insertKey */
  async insertKey(key: StoredKey): Promise<StoredKey> {
    const digest = bytesOf(key.digest);
    return this.#use(async (session) => {
      await insert(
        session,
        `INSERT INTO directory_keys (digest, hash_id, kind, tenant, revoked, created_us) VALUES (?, ?, ?, ?, ?, ${NOW_US})`,
        [
          digest,
          ...[key.hashId, key.kind, key.tenant].map((text) => Buffer.from(text)),
          +key.revoked,
        ],
      );
      const sql = `SELECT ${KEY_COLUMNS} FROM directory_keys k WHERE k.digest = ?`;
      const [row] = await session.execute(sql, [digest]);
      return keyOf(row as RowDataPacket);
    });
  }

  /** @see DirectoryStore.revokeKey */
  async revokeKey(digest: string): Promise<boolean> {
    const sql = 'UPDATE directory_keys SET revoked = 1 WHERE digest = ?';
    const answer = await this.#use((session) => session.execute(sql, [bytesOf(digest)]));
    return answer.affectedRows > 0; // rows found, changed or not: mysql2 asks the server for that
  }

  /** @see DirectoryStore.removeKey */
  async removeKey(digest: string): Promise<void> {
    const sql = 'DELETE FROM directory_keys WHERE digest = ?';
    await this.#use((session) => session.execute(sql, [bytesOf(digest)]));
  }

  /** @see DirectoryStore.insertPlacement */
  async insertPlacement(placement: Placement): Promise<Placement> {
    return this.#use(async (session) => {
      const [tenant, ...columns] = columnsOf(placement);
      await insert(
        session,
        `INSERT INTO directory_placements (tenant, shard, epoch, state, home_region, allowed_regions, changed_us) VALUES (?, ?, ?, ?, ?, ?, ${NOW_US})`,
        [tenant, ...columns],
      );
      return (await storedPlacement(session, placement.tenant)) as Placement;
    });
  }

  /** @see DirectoryStore.replacePlacement */
  async replacePlacement(fromEpoch: number, to: Placement): Promise<Placement | undefined> {
    return this.#use(async (session) => {
      const [tenant, ...columns] = columnsOf(to);
      await session.execute(
        `UPDATE directory_placements SET shard = ?, epoch = ?, state = ?, home_region = ?, allowed_regions = ?, changed_us = ${NOW_US} WHERE tenant = ? AND epoch = ?`,
        [...columns, tenant, fromEpoch],
      );
      return storedPlacement(session, to.tenant);
    });
  }

  /** @see DirectoryStore.keyPage */
  async keyPage(after: string | undefined, limit: number): Promise<StoredKey[]> {
    const from = after === undefined ? '' : 'WHERE k.digest > ?';
    const sql = `SELECT ${KEY_COLUMNS} FROM directory_keys k ${from} ORDER BY k.digest LIMIT ${whole(limit)}`;
    const values = after === undefined ? [] : [bytesOf(after)];
    return (await this.#use((session) => session.execute(sql, values))).map(keyOf);
  }

  /** @see DirectoryStore.placementPage */
  async placementPage(after: string | undefined, limit: number): Promise<Placement[]> {
    const from = after === undefined ? '' : 'WHERE p.tenant > ?';
    const sql = `SELECT ${PLACEMENT_COLUMNS} FROM directory_placements p ${from} ORDER BY p.tenant LIMIT ${whole(limit)}`;
    const values = after === undefined ? [] : [Buffer.from(after)];
    const rows = await this.#use((session) => session.execute(sql, values));
    return rows.map((row) => placementOf(row) as Placement);
  }

  /** @see DirectoryStore.changedPlacements */
  async changedPlacements(
    since: number | undefined,
    signal?: AbortSignal,
  ): Promise<ChangedPlacements> {
    return this.#use(async (session) => {
      const [clock] = await session.execute(`SELECT ${NOW_US} AS now_us`);
      const now = Number(clock?.['now_us']);
      if (since === undefined) return { placements: [], until: now };
      const sql = `SELECT ${PLACEMENT_COLUMNS}, p.changed_us FROM directory_placements p WHERE p.changed_us >= ? ORDER BY p.changed_us LIMIT ${CHANGES_PER_PAGE}`;
      const rows = await session.execute(sql, [since - OVERLAP_US]);
      const isLast = rows.length < CHANGES_PER_PAGE;
      const until = isLast ? now : Number(rows.at(-1)?.['changed_us']) + OVERLAP_US;
      return { placements: rows.map((row) => placementOf(row) as Placement), until };
    }, signal);
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #use<T>(fn: (session: MySqlSession) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await this.#connections.use(fn, signal);
    } catch (cause) {
      if (isGrantMissing(cause)) throw explainGrant(cause, "use the directory's mysql store");
      const noTable = isServerError(cause, ServerError.ER_NO_SUCH_TABLE);
      if (!noTable && !isServerError(cause, ServerError.ER_BAD_DB_ERROR)) throw cause;
      const missing = noTable ? 'its tables are missing' : 'its database is missing';
      throw new DirectoryNotPreparedError(this.name, missing, { cause });
    }
  }

  /** Without a database to be in; where it is there, nothing is asked that needs the right to make one. */
  async #createDatabase(): Promise<void> {
    try {
      await this.#connections.use((session) => session.execute('DO 1'));
    } catch (error) {
      if (!isServerError(error, ServerError.ER_BAD_DB_ERROR)) throw error;
      const { server, database } = this.#options;
      const connection = await logIn({ server, endpoint: server.writer }, OPEN);
      await connection
        .query(`CREATE DATABASE IF NOT EXISTS ${escapeIdentifier(database)}`)
        .finally(() => connection.destroy());
    }
  }
}

async function insert(session: MySqlSession, sql: string, values: (Buffer | number | null)[]) {
  try {
    await session.execute(sql, values);
  } catch (error) {
    if (!isServerError(error, ServerError.ER_DUP_ENTRY)) throw error; // someone was first; the caller reads who
  }
}

async function storedPlacement(session: MySqlSession, tenant: string) {
  const sql = `SELECT ${PLACEMENT_COLUMNS} FROM directory_placements p WHERE p.tenant = ?`;
  const [row] = await session.execute(sql, [Buffer.from(tenant)]);
  return row && placementOf(row);
}

function columnsOf(placement: Placement): [Buffer, ...(Buffer | number | null)[]] {
  const { tenant, shard, epoch, state, homeRegion, allowedRegions } = placement;
  return [
    Buffer.from(tenant),
    Buffer.from(shard),
    epoch,
    Buffer.from(state),
    homeRegion === undefined ? null : Buffer.from(homeRegion),
    allowedRegions === undefined ? null : Buffer.from(JSON.stringify(allowedRegions)),
  ];
}

function placementOf(row: RowDataPacket): Placement | undefined {
  if (row['p_tenant'] === null) return undefined;
  const regions = textOf(row['allowed_regions']);
  return {
    tenant: textOf(row['p_tenant']) as string,
    shard: textOf(row['shard']) as string,
    epoch: Number(row['epoch']),
    state: textOf(row['state']) as PlacementState,
    homeRegion: textOf(row['home_region']),
    allowedRegions: regions === undefined ? undefined : (JSON.parse(regions) as string[]),
  };
}

function keyOf(row: RowDataPacket): StoredKey {
  return {
    digest: (row['digest'] as Buffer).toString('hex'),
    hashId: textOf(row['hash_id']) as string,
    kind: textOf(row['kind']) as string,
    tenant: textOf(row['tenant']) as string,
    revoked: Number(row['revoked']) === 1,
  };
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : (value as Buffer).toString('utf8');
}

function bytesOf(digest: string): Buffer {
  return Buffer.from(digest, 'hex');
}

function padded(values: readonly Buffer[], length: number): Buffer[] {
  const last = values.at(-1) as Buffer;
  return [...values, ...Array.from({ length: length - values.length }, () => last)];
}

function whole(limit: number): number {
  return Math.max(1, Math.floor(limit));
}
