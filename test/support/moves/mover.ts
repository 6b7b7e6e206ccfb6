import { setTimeout as pause } from 'node:timers/promises';
import { TenantSwitch, type FrozenMove, type TenantMove } from '@switchyard/directory';
import { holdForMover } from '@switchyard/models';
import { connectToShard } from '@switchyard/mysql';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { TENANT } from './entry.ts';
import { openStage, type StageSpec } from './stage.ts';

/*
 * A process that moves the tenant `count` times there and back, beginning with `source` → `target`.
 * In the last move it kills or stops itself before the given step. Started again from there, it
 * finishes the move that it had begun: that is the promise of a move.
 */
const [specText, source, target, count, action, dieAt, signal, holdMs] = process.argv.slice(
  2,
) as string[];
const stage = await openStage(JSON.parse(specText!) as StageSpec);

let isLast = false;

function dieBefore(step: string): void {
  if (isLast && step === dieAt) process.kill(process.pid, signal as NodeJS.Signals);
}

const { directory, shardTenants } = stage;
const tenantSwitch = new TenantSwitch({
  directory,
  shardTenants,
  beforeStep: dieBefore,
  holdMs: Number(holdMs),
  leaseMs: Number(holdMs),
});

async function onShard<T>(shard: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const { topology, lockFile } = stage;
  const connection = await connectToShard(topology, shard, { identity: 'checked', lockFile });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

async function copyRows(move: FrozenMove): Promise<void> {
  const rows = await onShard(move.source, async (connection) => {
    const [found] = await connection.query<RowDataPacket[]>(
      'SELECT id, tenantId, value FROM entry WHERE tenantId = ?',
      [TENANT],
    );
    return found.map(({ id, tenantId, value }) => [id, tenantId, value] as unknown[]);
  });
  await onShard(move.target, async (connection) => {
    await connection.beginTransaction();
    await holdForMover(connection, { ...move, shard: move.target, state: 'incoming' });
    await connection.query('DELETE FROM entry WHERE tenantId = ?', [TENANT]);
    if (rows.length > 0) {
      await connection.query('INSERT INTO entry (id, tenantId, value) VALUES ?', [rows]);
    }
    dieBefore('commit of the copy');
    await connection.commit();
  });
}

async function move(step: TenantMove): Promise<void> {
  const placement = await directory.readPlacement(TENANT);
  if (placement?.shard === step.source) {
    const { epoch } = await tenantSwitch.freezeTenant(step);
    dieBefore('copy');
    await copyRows({ ...step, epoch });
    await tenantSwitch.switchTenant({ ...step, epoch });
  } else {
    await tenantSwitch.finishSwitch(step);
  }
  dieBefore('purge');
  const { epoch } = (await directory.readPlacement(TENANT))!;
  await onShard(step.source, async (connection) => {
    await connection.beginTransaction();
    await holdForMover(connection, { ...step, shard: step.source, epoch, state: 'moved' });
    await connection.query('DELETE FROM entry WHERE tenantId = ?', [TENANT]);
    await connection.commit();
  });
}

let here = source!;
let there = target!;
for (let i = 0; i < Number(count); i++) {
  isLast = i === Number(count) - 1;
  if (dieAt !== '' && i > 0) await pause(300); // the writers' turn
  // A mover keeps its token over a restart, so that it can finish the move that it has begun.
  const step = { tenant: TENANT, source: here, target: there, mover: `${here}-to-${there}` };
  if (action === 'thaw') {
    if (isLast && dieAt !== '') await tenantSwitch.freezeTenant(step);
    await tenantSwitch.thawTenant(step);
  } else {
    await move(step);
    [here, there] = [there, here];
  }
  process.stdout.write(`moved ${i + 1}\n`);
}
await stage.close();
