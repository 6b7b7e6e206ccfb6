// npm run check: every gate that needs no server. One line each; what a failed gate said follows.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { program, root, setUp } from './setup.mjs';

const LINES_SHOWN = 60;
const CACHE = join(root, 'node_modules/.cache/switchyard');
const ARCHITECTURE = [
  '--config',
  '.dependency-cruiser.cjs',
  'packages',
  'examples',
  'test',
  'bench',
];
const PRETTIER = ['--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.'];
/** Exported but imported nowhere else, and files that nothing imports; dependencies are depcruise's. */
const UNUSED = ['--include', 'exports,types,files', '--no-progress', '--no-config-hints'];
const TYPES = ['--incremental', '--tsBuildInfoFile', join(CACHE, 'types.tsbuildinfo')];

/** The longest first, so that short ones fill the gaps. */
const gates = [
  { name: 'packed packages', args: ['scripts/packed.mjs'] },
  { name: 'types', args: [program('typescript/bin/tsc'), '--noEmit', ...TYPES] },
  { name: 'unit tests', args: [program('vitest/vitest.mjs'), 'run', '--project', 'unit'] },
  { name: 'lint', args: [program('eslint/bin/eslint.js'), '.'] },
  { name: 'prose', args: ['--import', 'tsx', 'scripts/prose/check-prose.ts'] },
  { name: 'format', args: [program('prettier/bin/prettier.cjs'), ...PRETTIER] },
  {
    name: 'architecture',
    args: [program('dependency-cruiser/bin/dependency-cruise.mjs'), ...ARCHITECTURE],
  },
  { name: 'unused exports', args: [program('knip/bin/knip.js'), ...UNUSED] },
];

setUp();
const wanted = process.argv.slice(2);
const queue = gates.filter(
  ({ name }) => wanted.length === 0 || wanted.some((w) => name.includes(w)),
);
const failed = [];
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
for (const { name, output } of failed) console.log(`\n── ${name} ──\n${shortened(output)}`);
process.exit(failed.length === 0 ? 0 : 1);

async function work() {
  for (let gate = queue.shift(); gate !== undefined; gate = queue.shift()) {
    const before = performance.now();
    const { code, output } = await run(gate.args);
    const seconds = ((performance.now() - before) / 1000).toFixed(1).padStart(5);
    console.log(`${code === 0 ? '✓' : '✗'} ${gate.name.padEnd(16)} ${seconds} s`);
    if (code !== 0) failed.push({ name: gate.name, output });
  }
}

/** Gates that a signal ends fail like others; a terminal's Ctrl-C reaches them as well as us. */
function run(args) {
  const env = { ...process.env, SWITCHYARD_REPORT: process.env.SWITCHYARD_REPORT ?? 'unit' };
  const child = spawn(process.execPath, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** One mistake can fill a thousand lines; who runs a gate by its name sees them all. */
function shortened(output) {
  const lines = output.trimEnd().split('\n');
  const more = lines.length - LINES_SHOWN;
  if (wanted.length > 0 || more <= 0) return lines.join('\n');
  return [...lines.slice(0, LINES_SHOWN), `… ${more} more lines`].join('\n');
}
