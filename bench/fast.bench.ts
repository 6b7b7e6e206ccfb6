import { Account, AT_ONCE, ROWS, startFastFleet, tenantOf } from './fast-accounts.ts';
import { compare, type RowResult, type Variant } from './harness.ts';
import { report } from './report.ts';
import { cpuOf } from './cpu.ts';

// What a service gets from the fast path: the calls that it makes most, beside plain TypeORM on one
// DataSource outside every AsyncLocalStorage, and beside a query builder and the driver alone. Ours
// enters the tenant's context once per operation. No result is cached, and no call joins another.

const fleet = await startFastFleet();
const { sharded, plain, pool, kysely, context } = fleet;
const ours = sharded.getRepository(Account);
const theirs = plain.getRepository(Account);
const idOf = (i: number) => ((i * 7_919) % ROWS) + 1;

function inTenant<T>(i: number, run: () => T): T {
  const tenant = tenantOf(idOf(i));
  return context.onPlacement({ shard: 'us1', tenant, epoch: 1 }, run);
}

const findOneBy = (i: number) => inTenant(i, () => ours.findOneBy({ id: String(idOf(i)) }));
const list = { take: 100, order: { id: 'ASC' } } as const;

const rows: Record<string, readonly [ours: Variant['run'], peer: Variant['run']]> = {
  findOneBy: [findOneBy, (i) => theirs.findOneBy({ id: String(idOf(i)) })],
  'findOneBy-over-kysely': [
    findOneBy,
    (i) =>
      kysely
        .selectFrom('account')
        .selectAll()
        .where('id', '=', String(idOf(i)))
        .limit(1)
        .execute(),
  ],
  'findOneBy-over-query': [
    findOneBy,
    (i) => pool.promise().query('SELECT * FROM account WHERE id = ? LIMIT 1', [String(idOf(i))]),
  ],
  'find-100': [(i) => inTenant(i, () => ours.find(list)), () => theirs.find(list)],
};

try {
  for (const [row, [run, peer]] of Object.entries(rows)) {
    const counted = { ours: cpuOf(), peer: cpuOf() };
    const result = await compare('fast', {
      row,
      ours: { run, ...counted.ours.around },
      peer: { run: peer, ...counted.peer.around },
      concurrency: AT_ONCE,
    });
    report(result);
    if (row === 'findOneBy') report(cpuRow(result, counted));
  }
} finally {
  await fleet.stop();
}

/** The same row by the CPU time of this process. */
function cpuRow(
  result: RowResult,
  { ours: own, peer }: Record<'ours' | 'peer', ReturnType<typeof cpuOf>>,
): RowResult {
  const [a, b] = [own.microsPerMs(), peer.microsPerMs()];
  const detail = { ...result.detail, ours: a * result.detail.ours, peer: b * result.detail.peer };
  const ratio = detail.ours / detail.peer;
  return { ...result, row: `${result.row}-cpu`, ratio, detail };
}
