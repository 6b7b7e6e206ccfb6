import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Block } from './page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ENDS_WITHIN_MS = 90_000;

/** A service of a page, at work. */
export interface RunningService {
  readonly url: string;
  /** Asks it to end, and resolves to its exit code. */
  stop(): Promise<number | null>;
}

/** A folder with the files of one page, inside the repository so that package names resolve. */
export class Project {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  readonly #main: Block | undefined;

  /** Writes the files that blocks name at once, so that one may import another that stands below. */
  constructor(env: Readonly<Record<string, string>>, blocks: readonly Block[]) {
    mkdirSync(join(root, '.cache'), { recursive: true });
    this.folder = mkdtempSync(join(root, '.cache', 'readme-'));
    this.#env = env;
    this.write('tsconfig.json', JSON.stringify({ extends: '../../tsconfig.json', include: ['.'] }));
    this.write('package.json', JSON.stringify({ private: true, type: 'module' }));
    for (const { file, text } of blocks) if (file !== undefined) this.write(file, text);
    const code = blocks.filter(({ language }) => language === 'ts');
    // A page of files only is one program: its last file is the one that a reader starts.
    this.#main = code.every(({ file }) => file !== undefined) ? code.at(-1) : undefined;
  }

  /** The commands that a block stands for: none for a file that others import. */
  commandsOf(block: Block): readonly (readonly string[])[] {
    if (block.language === 'sh') return block.text.split('\n').flatMap(switchyardCall);
    if (block.file !== undefined) return block === this.#main ? [[block.file]] : [];
    const path = `block-at-line-${block.line}.ts`;
    this.write(path, block.text);
    return [[path]];
  }

  /** Runs one command as a process of its own. @throws Error with its output when it fails */
  async run(args: readonly string[]): Promise<string> {
    const typescript = ['--import', import.meta.resolve('tsx'), '--conditions=source'];
    const child = spawn(process.execPath, [...typescript, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.#env, NODE_OPTIONS: '' },
      timeout: ENDS_WITHIN_MS,
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    if (code === 0) return output;
    throw new Error(`${args.join(' ')} ended with ${code ?? signal}:\n${output}`);
  }

  /** Starts a service that listens on `PORT`, and waits until it answers. */
  async serve(file: string): Promise<RunningService> {
    const port = await freePort();
    const typescript = ['--import', import.meta.resolve('tsx'), '--conditions=source'];
    const child = spawn(process.execPath, [...typescript, file], {
      cwd: this.folder,
      env: { ...process.env, ...this.#env, PORT: String(port), NODE_OPTIONS: '' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
    const url = `http://localhost:${port}`;
    await answers(url, ended);
    const stop = async () => {
      child.kill('SIGTERM');
      return (await ended)[0];
    };
    return { url, stop };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** @throws Error where the service ends, or does not answer in time */
async function answers(url: string, ended: Promise<unknown>): Promise<void> {
  let isOver = false;
  void ended.then(() => (isOver = true));
  for (const until = performance.now() + ENDS_WITHIN_MS; performance.now() < until && !isOver;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return;
    await pause(50);
  }
  throw new Error(isOver ? 'the service ended before it answered' : 'the service does not answer');
}

/** `npx switchyard plan --json` becomes our own CLI with those arguments; other lines are not run. */
function switchyardCall(line: string): string[][] {
  const call = /^npx switchyard (.*)$/.exec(line.replace(/\s+#.*$/, '').trim());
  if (call === null) return [];
  return [[join(root, 'packages/cli/bin/switchyard.mjs'), ...call[1]!.split(/\s+/)]];
}
