import { writeSync } from 'node:fs';
import { LockFile, type ExpectedIdentity } from '@switchyard/shard-context';

// A process that records entries one after the other, as `prepare` does. With a signal it sends it
// to itself in the middle of the first record: the file has been read, and is not yet replaced.

/** What the process is told at its start. */
export interface RecorderStart {
  readonly path: string;
  readonly shards: readonly string[];
  readonly signal?: 'SIGKILL' | 'SIGSTOP';
}

const { path, shards, signal } = JSON.parse(process.argv[2]!) as RecorderStart;
const identity: ExpectedIdentity = { uuid: 'uuid', incarnation: 1 };
let isFirst = true;

/** Entries are read when they are merged into the file's own: that is the middle. */
function entryOf(shard: string): Record<string, ExpectedIdentity> {
  return Object.defineProperty({}, shard, {
    enumerable: true,
    get: () => {
      if (isFirst && signal !== undefined) process.kill(process.pid, signal);
      isFirst = false;
      return identity;
    },
  });
}

const lockFile = new LockFile(path, 'test');
writeSync(1, 'ready\n');
process.stdin.once('data', () => void record()); // all of a test begin at once
async function record(): Promise<void> {
  for (const shard of shards) await lockFile.record(entryOf(shard));
  process.stdin.destroy();
}
