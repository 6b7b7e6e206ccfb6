import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LockFile } from '@switchyard/shard-context';
import type { RecorderStart } from './recorder-process.ts';

const RECORDER = fileURLToPath(new URL('recorder-process.ts', import.meta.url));

let folder: string;
let path: string;
const processes: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-lock-'));
  path = join(folder, 'switchyard.lock.json');
});
afterEach(async () => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

const recorded = async () => Object.keys(await new LockFile(path, 'test').entries());

/** A process that waits for `begin`. */
async function recorder(start: Omit<RecorderStart, 'path'>): Promise<ChildProcess> {
  const typescript = ['--conditions=source', '--import', import.meta.resolve('tsx')];
  const told = JSON.stringify({ path, ...start });
  const child = spawn(process.execPath, [...typescript, RECORDER, told], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  processes.push(child);
  await once(child.stdout!, 'data');
  return child;
}

const begin = (child: ChildProcess) => child.stdin!.write('\n');

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

describe('the lock file, written by many processes at once', () => {
  it('keeps the entries of all', async () => {
    const names = Array.from({ length: 8 }, (_, p) =>
      Array.from({ length: 25 }, (_, i) => `p${p}s${String(i).padStart(2, '0')}`),
    );
    const all = await Promise.all(names.map((shards) => recorder({ shards })));
    for (const child of all) begin(child);
    await Promise.all(all.map(ended));
    expect(all.map(({ exitCode }) => exitCode)).toEqual(all.map(() => 0));
    expect(await recorded()).toEqual(names.flat().sort());
    expect(await readdir(folder)).toEqual(['switchyard.lock.json']);
  });

  it('is not kept from others by one that was killed in its turn, and left as it was', async () => {
    await new LockFile(path, 'test').record({ us1: { uuid: 'uuid', incarnation: 1 } });
    const before = await readFile(path, 'utf8');
    const killed = await recorder({ shards: ['us2'], signal: 'SIGKILL' });
    begin(killed);
    await ended(killed);
    expect(killed.signalCode).toBe('SIGKILL');
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(folder)).toHaveLength(2);

    const next = await Promise.all(['us3', 'us4'].map((shard) => recorder({ shards: [shard] })));
    for (const child of next) begin(child);
    await Promise.all(next.map(ended));
    expect(await recorded()).toEqual(['us1', 'us3', 'us4']);
    expect(await readdir(folder)).toEqual(['switchyard.lock.json']); // its draft is gone as well
  });

  it('loses nothing to one that was stopped in its turn, overtaken, and went on later', async () => {
    const stopped = await recorder({ shards: ['us1', 'us2'], signal: 'SIGSTOP' });
    begin(stopped);
    await vi.waitFor(async () => {
      expect(await readFile(`/proc/${stopped.pid}/stat`, 'utf8')).toMatch(/\) T/);
    });
    await new LockFile(path, 'test').record({ us3: { uuid: 'uuid', incarnation: 1 } });
    expect(await recorded()).toEqual(['us3']);
    stopped.kill('SIGCONT');
    await ended(stopped);
    expect(stopped.exitCode).toBe(0);
    expect(await recorded()).toEqual(['us1', 'us2', 'us3']);
    expect(await readdir(folder)).toEqual(['switchyard.lock.json']);
  });
});
