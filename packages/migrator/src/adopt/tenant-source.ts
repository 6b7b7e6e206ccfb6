import { readFile } from 'node:fs/promises';
import type { Connection } from 'mysql2/promise';
import { escapeIdentifier, failureNumber } from '@switchyard/mysql/internal';
import { rowsOf } from '../server/connection.ts';
import { AdoptionRefusedError } from './adopt-errors.ts';

/** Whose rows the database holds. */
export type TenantSource =
  | { readonly kind: 'list'; readonly tenants: readonly string[] }
  | { readonly kind: 'table'; readonly table: string; readonly column: string }
  | { readonly kind: 'file'; readonly path: string };

/** The tenants, each once, in order. @throws AdoptionRefusedError */
export async function readTenants(
  connection: Connection,
  source: TenantSource,
  shard: string,
): Promise<string[]> {
  return [...new Set(await read(connection, source, shard))];
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
      // By its bytes, as the fence compares: tenants that differ in case, or in a space, are two.
      `SELECT DISTINCT CAST(CONVERT(${escapeIdentifier(column)} USING utf8mb4) AS BINARY) AS tenant
       FROM ${escapeIdentifier(table)} WHERE ${escapeIdentifier(column)} IS NOT NULL ORDER BY 1`,
    );
    return rows.map(({ tenant }) => String(tenant));
  } catch (error) {
    if (failureNumber(error) === undefined) throw error;
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
  if (text.trimStart().startsWith('[')) return fromJson(text, path, shard);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function fromJson(text: string, path: string, shard: string): string[] {
  const names = parsed(text);
  const isName = (name: unknown) => ['string', 'number'].includes(typeof name);
  if (Array.isArray(names) && names.every(isName)) return names.map(String);
  const reason = `${path} begins like a JSON array, and is none of texts and numbers`;
  throw new AdoptionRefusedError(shard, reason, 'Write one tenant a line, or ["acme", "globex"]');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
