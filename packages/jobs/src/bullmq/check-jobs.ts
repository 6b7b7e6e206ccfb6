import { Queue, type ConnectionOptions, type Job, type JobState } from 'bullmq';
import { isSwitchyardError, type Topology } from '@switchyard/shard-context';
import { readEnvelope, runsUnsigned, type JobSigning } from '../envelope.ts';
import { readMetadata } from './metadata.ts';

/** The result of the check of a waiting job, which is not run. */
export type JobVerdict =
  | 'runnable'
  /** No envelope: `onMissingEnvelope` will be asked. */
  | 'withoutEnvelope'
  /** Of a newer release, or signed while no keys were given: waits for a worker that can read it. */
  | 'unreadable'
  /** Damaged, or not signed where it must be: will fail. */
  | 'invalid'
  /** Of another fleet: will fail. */
  | 'otherFleet'
  /** Without a tenant, for a shard that the topology does not have: waits for a worker that has it. */
  | 'unknownShard';

/** The waiting jobs of one queue. */
export interface QueueReport {
  readonly queue: string;
  /** Jobs that have not ended, schedulers included. */
  readonly total: number;
  readonly counts: Readonly<Record<JobVerdict, number>>;
  /** Ids of the first few jobs that this version could not run, by reason. */
  readonly examples: Readonly<Partial<Record<JobVerdict, readonly string[]>>>;
}

/** The queues to read, and what this version can run. */
export interface CheckJobsRequest {
  readonly connection: ConnectionOptions;
  readonly queues: readonly string[];
  /** BullMQ's key prefix. Default `bull`. */
  readonly prefix?: string;
  readonly topology: Topology;
  readonly signing?: JobSigning;
  /** Newest envelope version to count as readable. Default: what this release reads. */
  readonly readsUpTo?: number;
}

/** Jobs that wait for another worker move between the last two states, so both are read twice. */
const UNFINISHED: JobState[] = [
  'waiting',
  'prioritized',
  'waiting-children',
  'active',
  'delayed',
  'active',
  'delayed',
];
const PAGE = 500;
const MAX_EXAMPLES = 5;

/**
 * Counts the waiting jobs of the queues, and those of them that this version could not run: before a
 * deployment or a rollback. Reads only. A job that changes its state during the check may be missed.
 */
export async function checkJobs(request: CheckJobsRequest): Promise<QueueReport[]> {
  const reports: QueueReport[] = [];
  for (const name of request.queues) reports.push(await checkQueue(name, request));
  return reports;
}

/** True when every waiting job can be run, or asked for, by this version. */
export function canRunAll(reports: readonly QueueReport[]): boolean {
  return reports.every(({ counts, total }) => counts.runnable + counts.withoutEnvelope === total);
}

async function checkQueue(name: string, request: CheckJobsRequest): Promise<QueueReport> {
  const { connection, prefix } = request;
  const queue = new Queue(name, {
    connection,
    skipMetasUpdate: true,
    ...(prefix === undefined ? {} : { prefix }),
  });
  try {
    const tally = new Tally(name);
    for await (const { id, metadata } of waitingIn(queue)) {
      tally.add(id, verdictOn(metadata, request));
    }
    return tally.report();
  } finally {
    await queue.close();
  }
}

interface Waiting {
  readonly id: string;
  readonly metadata: string | undefined;
}

async function* waitingIn(queue: Queue): AsyncGenerator<Waiting> {
  const seen = new Set<string>(); // a job that moves between two pages is read twice
  for (const state of UNFINISHED) {
    for (let from = 0; ; from += PAGE) {
      const page = (await queue.getJobs([state], from, from + PAGE - 1, true)) as (
        Job | undefined
      )[];
      for (const job of page) {
        if (job?.id === undefined || seen.has(job.id)) continue;
        seen.add(job.id);
        yield { id: job.id, metadata: job.opts.telemetry?.metadata };
      }
      if (page.length === 0) break; // a page that is not full may lack jobs that have just ended
    }
  }
}

function verdictOn(metadata: string | undefined, request: CheckJobsRequest): JobVerdict {
  const { envelope } = readMetadata(metadata);
  if (envelope === undefined) return runsUnsigned(request.signing) ? 'withoutEnvelope' : 'invalid';
  try {
    const { fleet, place } = readEnvelope(envelope, request);
    if (fleet !== request.topology.fleet) return 'otherFleet';
    if (place === undefined || place.tenant !== undefined) return 'runnable';
    return request.topology.has(place.shard) ? 'runnable' : 'unknownShard';
  } catch (error) {
    return isSwitchyardError(error, 'JOB_ENVELOPE_UNREADABLE') ? 'unreadable' : 'invalid';
  }
}

class Tally {
  readonly #queue: string;
  readonly #counts: Record<JobVerdict, number> = {
    runnable: 0,
    withoutEnvelope: 0,
    unreadable: 0,
    invalid: 0,
    otherFleet: 0,
    unknownShard: 0,
  };
  readonly #examples: Partial<Record<JobVerdict, string[]>> = {};

  constructor(queue: string) {
    this.#queue = queue;
  }

  add(id: string, verdict: JobVerdict): void {
    this.#counts[verdict] += 1;
    if (verdict === 'runnable') return;
    const examples = (this.#examples[verdict] ??= []);
    if (examples.length < MAX_EXAMPLES) examples.push(id);
  }

  report(): QueueReport {
    const total = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    return { queue: this.#queue, total, counts: this.#counts, examples: this.#examples };
  }
}
