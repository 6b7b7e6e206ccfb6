import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { dim, say } from './screen.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));
const TSX = ['--import', 'tsx', '--conditions=source'];
const CLI = fileURLToPath(new URL('../../../packages/cli/bin/switchyard.mjs', import.meta.url));
const READY_WITHIN_MS = 30_000;

/** A process of the service, started by the demo and ended by it. */
export interface Running {
  readonly pid: number;
  /** Asks it to end in order and waits until it is gone. */
  stop(): Promise<void>;
}

/** The processes that have not ended. */
const started = new Set<ChildProcess>();
let isOver = false;

/**
 * Ends whatever still runs, half-started programs and commands as well, and starts nothing any more:
 * the demo may be interrupted between any two of its lines.
 */
export async function endAll(): Promise<void> {
  isOver = true;
  await Promise.all([...started].map(end));
}

/** A Node process in the example's folder whose output we read; its errors are shown. */
function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  if (isOver) throw new Error('The demo is over: nothing is started any more');
  const child = spawn(process.execPath, args, {
    cwd: FOLDER,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

/**
 * Starts one of the service's programs and waits until it says `ready` on its standard output.
 */
export async function startProgram(file: string, env: NodeJS.ProcessEnv): Promise<Running> {
  const child = start([...TSX, file], env);
  await becomesReady(child, file);
  return { pid: child.pid as number, stop: () => end(child) };
}

/** The running service and where it listens. */
export interface Service extends Running {
  readonly url: string;
}

/** Starts the service on a free port. */
export async function startService(env: NodeJS.ProcessEnv): Promise<Service> {
  const port = await freePort();
  const program = await startProgram('src/service.ts', { ...env, PORT: String(port) });
  return { ...program, url: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function becomesReady(child: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => fail('was not ready in time'), READY_WITHIN_MS);
    const fail = (why: string) => {
      clearTimeout(late);
      child.kill();
      reject(new Error(`${file} ${why}`));
    };
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('ready')) return;
      clearTimeout(late);
      resolve();
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

/** Runs the CLI as an operator would type it, and shows what it prints. Throws on a failure. */
export async function switchyard(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  show: (line: string) => void = say,
): Promise<void> {
  show(dim(`$ npx switchyard ${args.join(' ')}`));
  const child = start([CLI, ...args], env);
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) show(line);
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (rest !== '') show(rest);
  if (code !== 0) throw new Error(`switchyard ${args.join(' ')} ended with ${code}`);
}
