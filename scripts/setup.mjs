// Runs before node_modules exists: Node built-ins only.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Checks the Node version and installs the npm dependencies where they are missing or outdated. */
export function setUp() {
  const { engines } = readJson('package.json');
  if (!satisfies(process.versions.node, engines.node)) {
    fail(
      `Switchyard needs Node ${engines.node}; this is ${process.version} (${process.execPath}).`,
    );
  }
  if (isInstalled()) return;
  console.error('setup: installing the npm dependencies (npm ci)');
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2], // stdout belongs to what follows: `--json` prints there.
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail('npm ci failed: see above.');
}

/**
 * Runs a Node program of the repository to its end, with our terminal and our signals, and ends
 * with its exit code.
 */
export async function become(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to the child as well; a second one would cut its clean-up short.
    const comesTwice = signal === 'SIGINT' && process.stdin.isTTY;
    process.on(signal, () => comesTwice || child.kill(signal));
  }
  const [code, signal] = await new Promise((resolve) => {
    child.once('exit', (...ending) => resolve(ending));
  });
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
}

/** Arguments that make Node run TypeScript of this repository from its sources. */
export const TYPESCRIPT = ['--import', 'tsx', '--conditions=source'];

/** The path of a program that an npm dependency brings. */
export function program(path) {
  return join(root, 'node_modules', path);
}

/** `^20.19.0 || >=24.11.0`: enough of npm's ranges for our own `engines`. */
function satisfies(version, range) {
  const actual = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const [, operator, ...wanted] = /^\s*(\^|>=)(\d+)\.(\d+)\.(\d+)\s*$/.exec(part);
    const least = wanted.map(Number);
    const first = actual.findIndex((number, i) => number !== least[i]);
    const isEnough = first === -1 || actual[first] > least[first];
    return isEnough && (operator === '>=' || actual[0] === least[0]);
  });
}

/** Compares what stands in node_modules with the lock; times of files say nothing after a clone. */
function isInstalled() {
  if (!existsSync(join(root, 'node_modules/.package-lock.json'))) return false;
  const installed = readJson('node_modules/.package-lock.json').packages;
  return Object.entries(readJson('package-lock.json').packages).every(([path, wanted]) => {
    if (!path.includes('node_modules/') || wanted.optional || wanted.devOptional) return true;
    return wanted.link || installed[path]?.version === wanted.version;
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
