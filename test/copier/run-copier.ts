import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CopierStart } from './copier-process.ts';

const PROCESS = fileURLToPath(new URL('./copier-process.ts', import.meta.url));

/** How a copier's process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly errors: string;
}

/** Runs a copier in a process of its own until it ends. */
export function runCopier(start: CopierStart): Promise<Ended> {
  const node = ['--conditions=source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...node, PROCESS, JSON.stringify(start)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, errors }));
  });
}
