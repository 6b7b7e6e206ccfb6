import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './find-program.ts';
import { readLog } from './run-folder.ts';

/** What a test may do to a server that it started itself. */
export interface ServerControl {
  /** Process id while it runs; undefined in a container or when it is down. */
  readonly pid: number | undefined;
  /** `kill -9`; the data stay. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** Asks it to end in order; the data stay. Resolves when the process is gone. */
  shutdown(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in order if it still runs. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): Promise<void>;
  /** SIGCONT after {@link pause}. */
  resume(): Promise<void>;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

/** How a server program is started. */
export interface Launch {
  /** For messages: `mariadbd on port 20001`. */
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The server's own folder; `pid` and `log` are written there. It is removed by `stop()`. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
  /** True as soon as the server answers; called until then, for at most 60 s. */
  readonly isReady: (pid: number) => Promise<boolean>;
}

const START_WITHIN_MS = 60_000;

/** A server program as a child process that never outlives this one. */
export class Program implements ServerControl {
  readonly #launch: Launch;
  #child: ChildProcess | undefined;

  constructor(launch: Launch) {
    this.#launch = launch;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws Error with the end of the server's log when it does not come up. */
  async start(): Promise<this> {
    const child = await this.#spawn();
    this.#child = child;
    child.once('exit', () => (this.#child = this.#child === child ? undefined : this.#child));
    const until = Date.now() + START_WITHIN_MS;
    while (!(await this.#answers(child))) {
      if (this.#child === undefined || Date.now() > until) await this.#giveUp();
      await sleep(40);
    }
    return this;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async shutdown(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async restart(): Promise<void> {
    await this.shutdown();
    await this.start();
  }

  async pause(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    while (!(await areThreadsStopped(pid))) await sleep(1);
  }

  resume(): Promise<void> {
    this.#child?.kill('SIGCONT');
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#launch.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The child has its own process group: Ctrl-C in a terminal must not reach it before us. */
  async #spawn(): Promise<ChildProcess> {
    const { folder, env } = this.#launch;
    const log = openSync(join(folder, 'log'), 'a');
    const [command, args] = await dyingWithUs(this.#launch.command, this.#launch.args);
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    child.on('error', () => (this.#child = undefined));
    writeFileSync(join(folder, 'pid'), String(child.pid ?? '')); // at once: we may end at any time
    return child;
  }

  async #answers(child: ChildProcess): Promise<boolean> {
    if (this.#child !== child || child.pid === undefined) return false;
    return this.#launch.isReady(child.pid).catch(() => false);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGCONT'); // A paused process takes no SIGTERM.
    child.kill(signal);
    await gone;
  }

  async #giveUp(): Promise<never> {
    await this.kill();
    const log = (await readLog(join(this.#launch.folder, 'log'))).trimEnd().split('\n').slice(-15);
    throw new Error(`${this.#launch.label} did not start; the end of its log:\n${log.join('\n')}`);
  }
}

/** A signal is only asked for by kill(): a thread may answer one more query before it stops. */
async function areThreadsStopped(pid: number): Promise<boolean> {
  const tasks = `/proc/${pid}/task`;
  const threads = await readdir(tasks).catch(() => []);
  const states = threads.map(async (thread) => {
    const stat = await readFile(`${tasks}/${thread}/stat`, 'utf8').catch(() => '');
    return stat === '' || /\) [TtZX]/.test(stat);
  });
  return (await Promise.all(states)).every(Boolean);
}

/** On Linux the kernel kills the server when we die, however we die. */
async function dyingWithUs(command: string, args: readonly string[]): Promise<[string, string[]]> {
  const setpriv = process.platform === 'linux' ? await findProgram('setpriv') : undefined;
  if (setpriv === undefined) return [command, [...args]];
  return [setpriv, ['--pdeathsig', 'KILL', command, ...args]];
}
