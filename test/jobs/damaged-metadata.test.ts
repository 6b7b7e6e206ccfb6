import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkJobs, shardTelemetry } from '@switchyard/jobs/bullmq';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here } from './small-fleet.ts';

let queues: Queues;
beforeEach(async () => {
  queues = await Queues.open();
});
afterEach(() => queues.close());

const v1 = { v: 1, fleet: 'acme', shard: 'us1', tenant: 't_1', epoch: 1 };
const DAMAGED: [string, unknown, string][] = [
  ['a number', 5, 'failed JOB_ENVELOPE_MISSING'],
  ['an object', { a: 1 }, 'failed JOB_ENVELOPE_MISSING'],
  ['an envelope that is null', '{"switchyard":null}', 'failed JOB_ENVELOPE_INVALID'],
  ['an envelope that is a number', '{"switchyard":5}', 'failed JOB_ENVELOPE_INVALID'],
  ['an envelope that is a list', '{"switchyard":[1]}', 'failed JOB_ENVELOPE_INVALID'],
  [
    'a tenant that is a number',
    JSON.stringify({ switchyard: { ...v1, tenant: 5 } }),
    'failed JOB_ENVELOPE_INVALID',
  ],
  ['telemetry that is a number', JSON.stringify({ switchyard: v1, telemetry: 5 }), 'ran us1/t_1@1'],
];

describe.each([
  ['without telemetry', {}],
  ['with telemetry', { telemetry: shardTelemetry() }],
])('metadata of a job that was damaged, read by a worker %s', (_, options) => {
  it.each(DAMAGED)(
    '%s, ends this job by name and lets the next one run',
    async (__, metadata, end) => {
      const notes = new Notes();
      const plain = queues.closing(new Queue('q', queues.base));
      await plain.add('damaged', {}, { telemetry: { metadata: metadata as string } });
      const { topology } = queues.fleet.context;
      const [report] = await checkJobs({ ...queues.base, queues: ['q'], topology });
      expect(report?.total).toBe(1);
      const worker = queues.worker('q', () => notes.add(`ran ${here()}`), options);
      worker.on('failed', (___, error) => notes.add(`failed ${error.message.split(':')[0]}`));
      await queues.fleet.for('t_2', () => queues.queue('q').add('next', {}));
      expect(await notes.upTo(2)).toEqual([end, 'ran us2/t_2@1']);
    },
  );
});
