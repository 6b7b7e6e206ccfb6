import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { dockerAnswers } from './docker.ts';

const HOLDER = fileURLToPath(new URL('holder.ts', import.meta.url));

interface Held {
  readonly pids: readonly number[];
  readonly folder: string;
}

describe('the servers of a program', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'are gone with their folder when %s ends it',
    async (signal) => {
      const { program, held } = await hold();
      await end(program, signal);
      await vi.waitFor(() => expect(held.pids.filter(runs)).toEqual([]));
      expect(existsSync(held.folder)).toBe(false);
    },
  );

  it('are gone when it is killed, and the next program removes their folder', async (ctx) => {
    if (await dockerAnswers()) return ctx.skip('containers are removed by testcontainers, later');
    const { program, held } = await hold();
    await end(program, 'SIGKILL');
    await vi.waitFor(() => expect(held.pids.filter(runs)).toEqual([]));
    const next = await hold();
    expect(existsSync(held.folder)).toBe(false);
    expect(existsSync(next.held.folder)).toBe(true);
    await end(next.program, 'SIGTERM');
  });
});

async function hold(): Promise<{ program: ChildProcess; held: Held }> {
  // Without this run's folder in its environment it makes one of its own.
  const { SWITCHYARD_RUN_FOLDER: _ours, ...env } = process.env;
  const program = spawn(process.execPath, ['--import', 'tsx', HOLDER], { env, stdio: 'pipe' });
  const [line] = (await once(program.stdout!, 'data')) as [Buffer];
  return { program, held: JSON.parse(String(line)) as Held };
}

async function end(program: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const ended = once(program, 'exit');
  program.kill(signal);
  await ended;
}

/** A process that has ended and was not yet collected by its parent does not run. */
function runs(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
