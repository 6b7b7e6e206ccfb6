import { randomUUID } from 'node:crypto';
import { unfenced } from '@switchyard/shard-context';
import { Balance, CONCURRENCY, ROWS, startBenchFleet, TENANT } from './accounts.ts';
import { compare } from './harness.ts';
import { report } from './report.ts';

// What the fence costs: writes of a tenant, beside the same writes on the same sharded data source
// in a context that names the shard only. An autocommit write becomes a transaction of three trips.

const fleet = await startBenchFleet();
const { sharded, context } = fleet;
const balances = () => sharded.getRepository(Balance);
const idOf = (i: number) => `b${i % ROWS}`;
const placement = { shard: 'us1', tenant: TENANT, epoch: 1 };

const work: Record<string, (i: number) => Promise<unknown>> = {
  transaction: (i) =>
    sharded.transaction(async (manager) => {
      await manager.findOneBy(Balance, { id: idOf(i) });
      await manager.update(Balance, { id: idOf(i * 7) }, { value: i });
    }),
  insert: (i) => balances().insert({ id: randomUUID(), tenantId: TENANT, value: i }),
  update: (i) => balances().update({ id: idOf(i * 7) }, { value: i }),
};

try {
  for (const [row, run] of Object.entries(work)) {
    const ours = { run: (i: number) => context.onPlacement(placement, () => run(i)) };
    const peer = {
      run: (i: number) => context.onShard('us1', () => unfenced('the peer', () => run(i))),
    };
    report(await compare('fence', { row, ours, peer, concurrency: CONCURRENCY }));
    await fleet.trim();
  }
} finally {
  await fleet.stop();
}
