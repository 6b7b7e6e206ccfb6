import { readFile } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/models';
import { rowsOf } from '../ledger/connection.ts';
import { AdoptionRefusedError } from './adopt-errors.ts';

/** Whose rows the database holds. */
export type TenantSource =
  | { readonly kind: 'list'; readonly tenants: readonly string[] }
  | { readonly kind: 'table'; readonly table: string; readonly column: string }
  | { readonly kind: 'file'; readonly path: string };

/** `shard_tenant.tenant` takes no more. */
const LONGEST = 191;

/** The tenants, each once, in order. @throws AdoptionRefusedError */
export async function readTenants(
  connection: Connection,
  source: TenantSource,
  shard: string,
): Promise<string[]> {
  const tenants = await read(connection, source, shard);
  const wrong = tenants.find((tenant) => tenant === '' || tenant.length > LONGEST);
  if (wrong !== undefined) {
    const reason = wrong === '' ? 'a tenant has no name' : 'the name of a tenant is too long';
    throw new AdoptionRefusedError(shard, reason, `Use names of 1 to ${LONGEST} characters`);
  }
  return [...new Set(tenants)];
}

async function read(
  connection: Connection,
  source: TenantSource,
  shard: string,
): Promise<readonly string[]> {
  if (source.kind === 'list') return source.tenants;
  if (source.kind === 'file') return readList(source.path, shard);
  const { table, column } = source;
  try {
    const rows = await rowsOf<{ tenant: unknown }>(
      connection,
      `SELECT DISTINCT CAST(${escapeIdentifier(column)} AS CHAR) AS tenant
       FROM ${escapeIdentifier(table)} WHERE ${escapeIdentifier(column)} IS NOT NULL ORDER BY 1`,
    );
    return rows.map(({ tenant }) => String(tenant));
  } catch (error) {
    if (typeof (error as { errno?: number }).errno !== 'number') throw error;
    const reason = `the tenants cannot be read from ${table}.${column}`;
    throw new AdoptionRefusedError(shard, reason, 'Name a table and column: account.id');
  }
}

/** One tenant a line, or a JSON array. */
async function readList(path: string, shard: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    const reason = `the tenants cannot be read from ${path}`;
    throw new AdoptionRefusedError(shard, reason, 'Name a file with one tenant a line');
  }
  if (text.trimStart().startsWith('[')) return (JSON.parse(text) as unknown[]).map(String);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
