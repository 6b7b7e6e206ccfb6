import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Acknowledged, Tenant } from './traffic.ts';

/** Where a shard's database stands, for the audit's own plain connection. */
export interface ShardAddress {
  readonly shard: string;
  readonly uri: string;
}

/** What stands on one shard, counted without the library. */
export interface ShardAudit {
  readonly shard: string;
  readonly tenants: number;
  readonly accounts: number;
  readonly inquiries: number;
  readonly documents: number;
  /** Rows of tenants that live elsewhere. */
  readonly misrouted: number;
  /** Acknowledged inquiries that are not there. */
  readonly lost: number;
  /** Inquiries whose job had no effect, or had it more than once. */
  readonly jobsOff: number;
  /** Migrations that the shard's ledger calls done. */
  readonly migrations: number;
}

interface InquiryRow extends RowDataPacket {
  readonly id: string;
  readonly tenant_id: string;
  readonly verifications: number;
}

/** Looks at one shard with a plain connection and compares it with what the clients were told. */
export async function auditShard(
  { shard, uri }: ShardAddress,
  tenants: readonly Tenant[],
  acknowledged: readonly Acknowledged[],
): Promise<ShardAudit> {
  const connection = await createConnection({ uri });
  try {
    const here = new Set(
      tenants.filter((tenant) => tenant.shard === shard).map(({ name }) => name),
    );
    const [inquiries] = await connection.query<InquiryRow[]>(
      'SELECT id, tenant_id, verifications FROM inquiry',
    );
    const found = new Set(inquiries.map(({ id }) => id));
    const promised = acknowledged.filter(({ tenant }) => here.has(tenant));
    return {
      shard,
      tenants: here.size,
      accounts: await count(connection, 'account'),
      inquiries: inquiries.length,
      documents: await count(connection, 'document'),
      misrouted: await strangers(connection, here),
      lost: promised.filter(({ id }) => !found.has(id)).length,
      jobsOff: inquiries.filter(({ verifications }) => verifications !== 1).length,
      migrations: await finishedMigrations(connection),
    };
  } finally {
    await connection.end();
  }
}

async function count(connection: Connection, table: 'account' | 'document'): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`);
  return Number(row?.['n']);
}

/** Rows, over all tables with a tenant, whose tenant does not live here. */
async function strangers(connection: Connection, here: ReadonlySet<string>): Promise<number> {
  const counts = ['account', 'inquiry', 'document'].map(async (table) => {
    const [[row]] = await connection.query<RowDataPacket[]>(
      `SELECT COUNT(*) AS n FROM ${table} WHERE tenant_id NOT IN (?)`,
      [[...here, '']],
    );
    return Number(row?.['n']);
  });
  return (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
}

/** True when some inquiry still waits for its job. */
export async function jobsPending({ uri }: ShardAddress): Promise<boolean> {
  const connection = await createConnection({ uri });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT 1 FROM inquiry WHERE verifications = 0 LIMIT 1',
    );
    return rows.length > 0;
  } finally {
    await connection.end();
  }
}

async function finishedMigrations(connection: Connection): Promise<number> {
  const [[row]] = await connection.query<RowDataPacket[]>(
    "SELECT COUNT(DISTINCT migration) AS n FROM shard_ledger WHERE step = 0 AND state = 'done'",
  );
  return Number(row?.['n']);
}
