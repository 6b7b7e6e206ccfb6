import { classifyStatement } from '@switchyard/models/internal';
import { format } from 'mysql2';
import type { DataSource } from 'typeorm';
import { CONCURRENCY, Country, ROWS, startBenchFleet } from './accounts.ts';
import { compare } from './harness.ts';
import { report } from './report.ts';

// What being routed costs: ordinary TypeORM calls in a shard's context, on an entity without tenant
// key, beside the same calls on a plain data source. Both run inside the context, which the plain one
// does not look at, so that what an AsyncLocalStorage costs is not counted as routing; entering it
// has its own benchmark (`context`).

const fleet = await startBenchFleet();
const { sharded, plain, context } = fleet;
const since = new Date('2026-01-01');
const country = (i: number) => ({ name: `n${i}`, capital: 'x', population: i, since });
const idOf = (i: number) => String((i % ROWS) + 1);

const work: Record<string, (dataSource: DataSource, i: number) => Promise<unknown>> = {
  findOneBy: (dataSource, i) => dataSource.getRepository(Country).findOneBy({ id: idOf(i) }),
  insert: (dataSource, i) => dataSource.getRepository(Country).insert(country(i)),
  transaction: (dataSource, i) =>
    dataSource.transaction(async (manager) => {
      await manager.findOneBy(Country, { id: idOf(i) });
      await manager.update(Country, { id: idOf(i * 7) }, { population: i });
    }),
};

/** What TypeORM sends for a save of 10,000 new rows. */
const SAVED = 10_000;
const saved = `INSERT INTO \`country\`(\`id\`, \`name\`, \`capital\`, \`population\`, \`since\`) VALUES ${Array(
  SAVED,
)
  .fill('(DEFAULT, ?, ?, ?, ?)')
  .join(', ')}`;
const values = Array.from({ length: SAVED }, (_, i) => Object.values(country(i))).flat();

try {
  // What is read of a statement before it is sent, beside what mysql2 does with the same text.
  report(
    await compare('routing', {
      row: 'classify-10k',
      ours: { run: () => Promise.resolve(classifyStatement(saved)) },
      peer: { run: () => Promise.resolve(format(saved, values, true)) },
      concurrency: 1,
    }),
  );
  await context.onShard('us1', async () => {
    for (const [row, run] of Object.entries(work)) {
      const ours = { run: (i: number) => run(sharded, i) };
      const peer = { run: (i: number) => run(plain, i) };
      report(await compare('routing', { row, ours, peer, concurrency: CONCURRENCY }));
      await fleet.trim();
    }
  });
} finally {
  await fleet.stop();
}
