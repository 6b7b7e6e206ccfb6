import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TYPESCRIPT = ['--conditions=source', '--import=tsx'];
const DEMO = ['scripts/demo.mjs'];
const IN_ROOT = { cwd: ROOT };
/** Twenty seconds alone; more where other tests have the processors. */
const WITHIN_MS = 120_000;
/** Enough for a process to end and for its parent to hear of it. */
const BETWEEN_MS = 30;
const MARK = 'SWITCHYARD_DEMO_MARK';

/** The demo as its reader has it: on a terminal's process group, with a temporary folder of its own. */
class Demo {
  readonly temporary = mkdtempSync(join(tmpdir(), 'demo-'));
  readonly #mark = `${MARK}=${randomUUID()}`;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  output = '';

  constructor(args: readonly string[], cwd = ROOT) {
    // Without this run's folder in its environment it makes one of its own.
    const { SWITCHYARD_RUN_FOLDER: _ours, ...inherited } = process.env;
    const env = { ...inherited, TMPDIR: this.temporary, [MARK]: this.#mark.split('=')[1] };
    this.#child = spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /** Waits until it has printed a text so many times. */
  async printed(text: string, times = 1): Promise<void> {
    while (this.output.split(text).length <= times) {
      const over = await Promise.race([once(this.#child.stdout!, 'data'), this.#ended]);
      if (typeof over[0] !== 'string') throw new Error(`ended without ${text}:\n${this.output}`);
    }
  }

  /**
   * What Ctrl-C does: each process of the group gets the signal, the youngest first. With pauses it
   * ends before its parent hears of it, as happens on a busy machine. Resolves with the exit code.
   */
  async interrupt(betweenMs = 0): Promise<unknown> {
    const reached = new Set<number>();
    for (let pid; (pid = this.#group().findLast((one) => !reached.has(one))) !== undefined;) {
      read(() => String(process.kill(pid, 'SIGINT')));
      reached.add(pid);
      await sleep(betweenMs);
    }
    return (await this.#ended)[0];
  }

  /** The processes of its group, the eldest first. */
  #group(): number[] {
    const groupOf = (pid: string) =>
      read(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).split(' ')[4];
    return pids()
      .filter((pid) => groupOf(pid) === String(this.#child.pid))
      .map(Number);
  }

  /** Command lines of the processes that descend from it, whoever their parent is by now. */
  processes(): string[] {
    const command = (pid: string) => read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    return this.#pids().map((pid) => `${pid} ${command(pid).replaceAll('\0', ' ')}`);
  }

  #pids(): string[] {
    return pids().filter((pid) => {
      // Redis writes its title over its environment, but works in its own folder.
      const environment = read(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      const folder = read(() => readlinkSync(`/proc/${pid}/cwd`));
      return environment.includes(this.#mark) || folder.startsWith(this.temporary);
    });
  }

  /** What it has in its temporary folder; caches of Node and of tsx are theirs. */
  folders(): string[] {
    return readdirSync(this.temporary).filter((name) => name.startsWith('switchyard-'));
  }

  remove(): void {
    for (const pid of this.#pids()) process.kill(Number(pid), 'SIGKILL');
    rmSync(this.temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Of all processes, in ascending order. */
function pids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/** Empty where the process has ended meanwhile, or is another user's. */
function read(ask: () => string): string {
  try {
    return ask();
  } catch {
    return '';
  }
}

describe('the demo of', { timeout: WITHIN_MS }, () => {
  let demo: Demo;
  afterEach(() => demo.remove());

  it.each([
    ['examples/adoption', 'walk/main.ts'],
    ['examples/nest-service', 'demo.ts'],
    ['examples/second-queue', 'demo.ts'],
  ])('%s leaves neither process nor folder behind when Ctrl-C ends it', async (folder, main) => {
    demo = new Demo([...TYPESCRIPT, main], join(ROOT, folder));
    // Its servers stand, and it has begun with a folder of its own.
    const hasBegun = () => demo.folders().some((name) => !name.startsWith('switchyard-run-'));
    await vi.waitFor(() => expect(hasBegun()).toBe(true), { timeout: WITHIN_MS });
    expect(await demo.interrupt(), demo.output).toBe(130);
    await vi.waitFor(() => expect(demo.processes()).toEqual([]));
    expect(demo.folders()).toEqual([]);
  });

  it('examples/adoption leaves nothing behind either when Ctrl-C ends one of its commands first', async () => {
    demo = new Demo([...TYPESCRIPT, 'walk/main.ts'], join(ROOT, 'examples/adoption'));
    await demo.printed('$ npx switchyard adopt');
    expect(await demo.interrupt(BETWEEN_MS), demo.output).toBe(130);
    await vi.waitFor(() => expect(demo.processes()).toEqual([]));
    expect(demo.folders()).toEqual([]);
  });
});

describe('npm run demo', { timeout: WITHIN_MS }, () => {
  let demo: Demo;
  afterEach(() => demo.remove());

  it.each([
    ['while its servers start', 'Switchyard: requests', 1],
    ['while the shards are prepared', '$ npx switchyard prepare', 1],
    ['while requests, jobs and a schema change are under way', '$ npx switchyard migrate', 2],
  ])('leaves neither process nor folder behind when Ctrl-C ends it %s', async (_, text, times) => {
    demo = new Demo(DEMO);
    await demo.printed(text, times);
    expect(demo.processes()).not.toEqual([]);
    expect(await demo.interrupt(BETWEEN_MS), demo.output).toBe(130);
    await vi.waitFor(() => expect(demo.processes()).toEqual([]));
    expect(demo.folders()).toEqual([]);
  });

  it('with --keep leaves everything running, with lines to paste, until Ctrl-C ends it', async () => {
    demo = new Demo([...DEMO, '--keep']);
    await demo.printed('npx switchyard status');
    const lines = demo.output.split('Ctrl-C ends it.')[1]!.match(/^ +[(c].*$/gm)!;
    const answers = [];
    for (const line of lines) answers.push(await promisify(execFile)('sh', ['-c', line], IN_ROOT));
    expect(answers.map(({ stdout }) => stdout)).toEqual([
      expect.stringContaining('"text":"us1"'),
      expect.stringContaining('"servedBy":"us1"'),
      expect.stringContaining('InquiryPriority1790000000001'),
    ]);
    expect(await demo.interrupt(BETWEEN_MS)).toBe(0);
    expect(demo.processes()).toEqual([]);
    expect(demo.folders()).toEqual([]);
  });
});
