import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { runCli, type SwitchyardConfig } from '@switchyard/cli';
import { LockFile } from '@switchyard/shard-context';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Queues } from '../jobs/queues.ts';

let queues: Queues;
let folder: string;
beforeEach(async () => {
  queues = await Queues.open();
  folder = await mkdtemp(join(tmpdir(), 'switchyard-jobs-check-'));
});
afterEach(async () => {
  await queues.close();
  await rm(folder, { recursive: true });
});

/** `switchyard jobs check` with a config that names the queue. */
async function check(...args: string[]): Promise<{ code: number; text: string }> {
  const printed: string[] = [];
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      printed.push(String(chunk));
      done();
    },
  });
  const config: SwitchyardConfig = {
    topology: queues.fleet.context.topology,
    lockFile: new LockFile(join(folder, 'switchyard.lock.json'), 'acme'),
    migrations: [],
    jobs: { queues: ['q'], prefix: queues.prefix, connection: () => queues.connection },
  };
  const path = join(folder, 'switchyard.config.ts');
  const code = await runCli(['jobs', 'check', ...args], {
    config: { path, config },
    out,
    err: out,
  });
  return { code, text: printed.join('') };
}

describe('switchyard jobs check', () => {
  it('counts what waits and ends with 0 while this version can run all of it', async () => {
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('one', {}));
    await queues.closing(new Queue('q', queues.base)).add('before the deploy', {});
    const { code, text } = await check();
    expect(code).toBe(0);
    expect(text).toMatch(/q +2 jobs/);
    expect(text).toMatch(/runnable +1/);
    expect(text).toMatch(/withoutEnvelope +1/);
  });

  it('ends with 1 and names the jobs that this version could not run', async () => {
    const metadata = JSON.stringify({ switchyard: { v: 99 } });
    const plain = queues.closing(new Queue('q', queues.base));
    const job = await plain.add('of a newer release', {}, { telemetry: { metadata } });
    const { code, text } = await check('--json');
    expect(code).toBe(1);
    const events = text.split('\n').flatMap((line) => (line ? [JSON.parse(line) as object] : []));
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'queue-checked',
        queue: 'q',
        total: 1,
        counts: expect.objectContaining({ unreadable: 1, runnable: 0 }) as unknown,
        examples: { unreadable: [job.id] },
      }),
    );
  });
});
