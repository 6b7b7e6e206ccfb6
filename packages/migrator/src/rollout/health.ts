import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Wave } from './rollout-policy.ts';

/** Exit code of a command that could not be started or was killed. */
const NOT_RUN = 127;

/** Holds after a wave, then asks the health command. Returns its exit code; 0 without one. */
export async function isHealthy(
  wave: Wave,
  holdMs: number,
  command: string | undefined,
): Promise<number> {
  if (holdMs > 0) await sleep(holdMs);
  if (command === undefined) return 0;
  const env = {
    ...process.env,
    SWITCHYARD_WAVE: wave.name,
    SWITCHYARD_SHARDS: wave.shards.map(({ name }) => name).join(','),
  };
  return new Promise((resolve) => {
    // Its output goes to stderr: stdout belongs to --json.
    const child = spawn(command, { shell: true, env, stdio: ['ignore', 2, 2] });
    child.once('error', () => resolve(NOT_RUN));
    child.once('exit', (code) => resolve(code ?? NOT_RUN));
  });
}
