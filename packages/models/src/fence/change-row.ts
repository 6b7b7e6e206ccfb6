import { isServerError, ServerError, ShardNotIdentifiableError } from '@switchyard/mysql/internal';
import type { Connection, ResultSetHeader } from 'mysql2/promise';
import { TENANT_ROW } from './fence-condition.ts';

/** Which row is changed; the shard's name is for messages. */
export interface RowPlace {
  readonly shard: string;
  readonly tenant: string;
}

/**
 * Changes a tenant's row in one transaction, and gives it the shard's next number. `change` says
 * whether it changed anything; where not, all is as it was. The row is locked first and by a
 * statement of its own, so that the clock which `change` reads is that of a moment after the wait.
 * The counter is locked last and for two statements: no change waits for a tenant while it holds
 * the number of all.
 */
export async function changeRow(
  connection: Connection,
  at: RowPlace,
  change: () => Promise<boolean>,
): Promise<void> {
  // No gap locks: two tenants that are admitted at once would wait for each other's gap.
  await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED');
  await connection.query('START TRANSACTION');
  await connection.query(`SELECT 1 FROM shard_tenant WHERE ${TENANT_ROW} FOR UPDATE`, [at.tenant]);
  if (!(await changedOnce(change))) {
    await connection.query('ROLLBACK');
    return;
  }
  await takeNumber(connection, at);
  await connection.query('COMMIT');
}

/**
 * Gives the tenant's row the shard's next number; the open transaction has changed the row.
 * @throws ShardNotIdentifiableError where the shard has no counter
 */
export async function takeNumber(
  connection: Connection,
  { shard, tenant }: RowPlace,
): Promise<void> {
  const taken = await run(
    connection,
    'UPDATE shard_tenant_counter SET number = LAST_INSERT_ID(number + 1) WHERE one = 1',
    [],
  );
  if (!taken) throw new ShardNotIdentifiableError(shard, 'its shard_tenant_counter has no row');
  await connection.query(
    `UPDATE shard_tenant SET change_number = LAST_INSERT_ID() WHERE ${TENANT_ROW}`,
    [tenant],
  );
}

/** Runs a statement that changes rows; true where it found one. */
export async function run(
  connection: Connection,
  sql: string,
  values: readonly unknown[],
): Promise<boolean> {
  const [answer] = await connection.query<ResultSetHeader>(sql, [...values]);
  return answer.affectedRows > 0;
}

/** False too where another made the row first: its insert has failed. */
async function changedOnce(change: () => Promise<boolean>): Promise<boolean> {
  try {
    return await change();
  } catch (error) {
    if (!isServerError(error, ServerError.ER_DUP_ENTRY)) throw error;
    return false;
  }
}
