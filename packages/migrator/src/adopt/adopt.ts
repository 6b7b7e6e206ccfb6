import type { Connection } from 'mysql2/promise';
import { prepareShard, ShardTenantTable } from '@switchyard/models';
import { noteBaseline } from '../ledger/ledger.ts';
import { prepareLedger } from '../ledger/tables.ts';
import { withConnection } from '../prepare/with-connection.ts';
import { ADOPTION, readAdoption, type Adoption, type AdoptRequest } from './adoption.ts';

/** What `adopt` tells while it works. */
export type AdoptEvent =
  | { readonly event: 'baseline-noted'; readonly migrations: number }
  | { readonly event: 'identity-stamped'; readonly shard: string; readonly lockFile: string }
  | { readonly event: 'tenants-admitted'; readonly tenants: number }
  | { readonly event: 'adopted'; readonly shard: string };

/** Tenants that are admitted at a time. */
const WIDTH = 8;

/**
 * Makes an existing database the first shard. No row and no table of the application is touched. The
 * baseline comes first: a shard that could be opened without one would have everything replayed.
 * Killed at any point, repeating it completes it.
 * @throws AdoptionRefusedError
 */
export async function adopt(
  request: AdoptRequest,
  emit: (event: AdoptEvent) => void = () => undefined,
): Promise<Adoption> {
  const adoption = await readAdoption(request);
  if (adoption.isComplete) return adoption;
  const { shard } = adoption;
  await withConnection(request.openUnchecked, shard, (connection) =>
    noteAdoption(request, adoption, connection),
  );
  emit({ event: 'baseline-noted', migrations: adoption.baseline.length });
  request.fleet.atPoint?.('adoption-noted', shard.name);
  // Before the identity: once that stands, services may open the shard.
  await request.lockFile.recordSession(adoption.session);
  await prepareShard({
    topology: request.topology,
    shard: shard.name,
    lockFile: request.lockFile,
  });
  emit({ event: 'identity-stamped', shard: shard.name, lockFile: request.lockFile.path });
  request.fleet.atPoint?.('identity-stamped', shard.name);
  await admitTenants(request, adoption);
  emit({ event: 'tenants-admitted', tenants: adoption.tenants.length });
  request.fleet.atPoint?.('tenants-admitted', shard.name);
  await withConnection(request.fleet.open, shard, endAdoption);
  emit({ event: 'adopted', shard: shard.name });
  return adoption;
}

/** In one transaction: a baseline that is there is whole. */
async function noteAdoption(
  { fleet }: AdoptRequest,
  { baseline, floors }: Adoption,
  connection: Connection,
): Promise<void> {
  await prepareLedger(connection);
  const [rows] = await connection.query('SELECT 1 FROM shard_ledger WHERE migration = ?', [
    ADOPTION,
  ]);
  if ((rows as unknown[]).length > 0) return;
  await connection.query('START TRANSACTION');
  for (const { name, checksum } of baseline) {
    await noteBaseline(connection, fleet.author, {
      migration: name,
      clause: 'run by TypeORM before the adoption',
      state: 'done',
      checksum,
    });
  }
  await noteBaseline(connection, fleet.author, {
    migration: ADOPTION,
    clause: JSON.stringify({ idFloors: Object.fromEntries(floors.map((f) => [f.table, f.floor])) }),
    state: 'started',
    checksum: null,
  });
  await connection.query('COMMIT');
}

/** Through the directory where there is one, so that both agree on the epoch. */
async function admitTenants(request: AdoptRequest, adoption: Adoption): Promise<void> {
  const { topology, lockFile, directory } = request;
  const shard = adoption.shard.name;
  await directory?.prepare();
  const table = new ShardTenantTable({ topology, lockFile });
  const admit = (tenant: string): Promise<unknown> =>
    directory?.assign?.(tenant, { shard }) ?? table.admit(shard, tenant, 1);
  const left = [...adoption.tenants];
  try {
    await Promise.all(
      Array.from({ length: WIDTH }, async () => {
        for (let tenant = left.shift(); tenant !== undefined; tenant = left.shift()) {
          await admit(tenant);
        }
      }),
    );
  } finally {
    await table.close();
  }
}

async function endAdoption(connection: Connection): Promise<void> {
  await connection.query(
    `UPDATE shard_ledger SET state = 'done', ended_at = NOW(3)
     WHERE migration = ? AND state = 'started'`,
    [ADOPTION],
  );
}
