import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Result of a command that ended by itself. */
export interface CommandResult {
  readonly code: number;
  /** stdout and stderr, in the order in which they came. */
  readonly output: string;
}

/** Runs a command to its end without a shell; `input` goes to its stdin. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.stdin.on('error', () => undefined); // It may end before it has read all.
  child.stdin.end(options.input ?? '');
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, output };
}

/**
 * Like {@link runCommand}, for commands that must succeed.
 * @throws Error with the end of the output when it exits with another code than 0.
 */
export async function mustRun(...call: Parameters<typeof runCommand>): Promise<string> {
  const { code, output } = await runCommand(...call);
  if (code === 0) return output;
  const end = output.trimEnd().split('\n').slice(-12).join('\n');
  throw new Error(`${call[0]} ${call[1].slice(0, 4).join(' ')} … exited with ${code}:\n${end}`);
}
