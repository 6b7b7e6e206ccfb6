import type { QueueReport } from '@switchyard/jobs/bullmq';
import { UsageError } from '../config/config-errors.ts';
import { table } from '../output/table.ts';
import { EXIT, type CommandLine, type ExitCode } from './command-line.ts';

/** Counts what waits in the queues, and which of it this version could not run. */
export async function checkQueues({ config, screen }: CommandLine): Promise<ExitCode> {
  const { jobs, topology } = config;
  if (jobs === undefined) {
    const reason = 'the config names no queues';
    throw new UsageError('check the jobs', reason, 'Add `jobs: { queues, connection }` to it');
  }
  // Only here: a service without queues has no bullmq.
  const { canRunAll, checkJobs } = await import('@switchyard/jobs/bullmq');
  const { queues, prefix, signing } = jobs;
  const reports = await checkJobs({
    queues,
    topology,
    connection: jobs.connection() as Parameters<typeof checkJobs>[0]['connection'],
    ...(prefix !== undefined && { prefix }),
    ...(signing !== undefined && { signing }),
  });
  for (const report of reports) screen.event({ event: 'queue-checked', ...report });
  for (const line of table(rowsOf(reports))) screen.say(line);
  return canRunAll(reports) ? EXIT.done : EXIT.pending;
}

function rowsOf(reports: readonly QueueReport[]): string[][] {
  return reports.flatMap(({ queue, total, counts, examples }) => [
    [queue, `${total} jobs`, '', ''],
    ...Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([verdict, count]) => [
        '',
        verdict,
        String(count),
        (examples[verdict as keyof typeof examples] ?? []).join(', '),
      ]),
  ]);
}
