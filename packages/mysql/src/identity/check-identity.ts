import type { ExpectedIdentity, Role, Shard } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { READABLE_FORMATS } from './identity-table.ts';
import {
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
  type IdentityMismatch,
} from './identity-errors.ts';
import { isServerError, ServerError } from '../server/server-errors.ts';
import { serverFacts, type ServerFacts } from '../server/server-facts.ts';
import { isAtLeast } from '../server/server-version.ts';

/** The row of `shard_identity`. */
export interface ShardIdentity {
  readonly name: string;
  readonly uuid: string;
  readonly fleet: string;
  readonly region: string;
  readonly incarnation: number;
  readonly ordinal: number;
  readonly format: number;
}

/** The database's own record of which shard it is; undefined where it has none. */
export async function readIdentity(connection: Connection): Promise<ShardIdentity | undefined> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT name, uuid, fleet, region, incarnation, ordinal, format FROM shard_identity',
    );
    return rows[0] as ShardIdentity | undefined;
  } catch (error) {
    if (isServerError(error, ServerError.ER_NO_SUCH_TABLE)) return undefined;
    throw error;
  }
}

/**
 * Checks on a new physical connection that the server and the database behind it are the declared
 * ones, before anyone uses it.
 * @throws ServerNotSupportedError, ShardNotWritableError, ShardNotIdentifiableError,
 *   ShardIdentityError
 */
export async function checkIdentity(
  connection: Connection,
  shard: Shard,
  check: { expected: ExpectedIdentity; role: Role },
): Promise<ServerFacts> {
  const facts = await serverFacts(connection);
  refuseUnsupported(facts, shard);
  if (check.role === 'writer' && facts.readOnlyBy !== undefined) {
    throw new ShardNotWritableError(shard.name, facts.readOnlyBy);
  }
  refuseStranger(await readIdentity(connection), shard, check.expected);
  return facts;
}

/** @throws ServerNotSupportedError where the server is not what the topology declares */
export function refuseUnsupported(facts: ServerFacts, shard: Shard): void {
  const { engine, minVersion } = shard.server;
  if (facts.engine !== engine) {
    const reason = `the server is ${facts.engine} ${facts.version}, declared is ${engine}`;
    throw new ServerNotSupportedError(shard.name, reason);
  }
  if (!isAtLeast(facts.version, minVersion)) {
    const reason = `the server is ${facts.version}, older than the declared ${minVersion}`;
    throw new ServerNotSupportedError(shard.name, reason);
  }
  if (facts.multiWriter !== undefined) {
    const reason = `${facts.multiWriter}, and a row lock of one node does not fence the others`;
    throw new ServerNotSupportedError(shard.name, reason);
  }
}

/** @throws ShardNotIdentifiableError, ShardIdentityError where the database is not the shard */
export function refuseStranger(
  found: ShardIdentity | undefined,
  shard: Shard,
  expected: ExpectedIdentity,
): void {
  if (found === undefined) {
    throw new ShardNotIdentifiableError(shard.name, 'the database has no shard_identity');
  }
  if (!READABLE_FORMATS.includes(Number(found.format))) {
    const reason = `its system tables are of format ${found.format}; this release reads ${READABLE_FORMATS.join(', ')}`;
    throw new ShardNotIdentifiableError(shard.name, reason);
  }
  const mismatches = mismatchesOf(found, {
    name: shard.name,
    uuid: expected.uuid,
    fleet: shard.fleet,
    region: shard.server.region,
    incarnation: expected.incarnation,
    ordinal: shard.ordinal,
  });
  if (mismatches.length > 0) throw new ShardIdentityError(shard.name, mismatches);
}

function mismatchesOf(
  found: ShardIdentity,
  expected: Omit<ShardIdentity, 'format'>,
): IdentityMismatch[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    const seen = String(found[field as keyof ShardIdentity]);
    return seen === String(value) ? [] : [{ field, expected: String(value), found: seen }];
  });
}
