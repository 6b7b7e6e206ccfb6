// Runs the self-check and the tests of TypeORM's own features on TypeORM's newest release, in a copy of
// this tree. Inside the peer range a failure fails; outside it the answer is printed only, so that the
// next minor is known before users meet it.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const TESTS = ['packages/models/src/typeorm/typeorm-internals.test.ts', 'test/typeorm/'];
const LEFT_OUT = ['.git', 'reports'];
const REPORT = 'newest-typeorm';

const work = mkdtempSync(join(tmpdir(), 'switchyard-newest-typeorm-'));
try {
  process.exitCode = answer();
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** The exit code. */
function answer() {
  const copy = join(work, 'copy');
  const version = installNewest(copy);
  const range = readJson(join(root, 'packages/models/package.json')).peerDependencies.typeorm;
  const isTaken = isInside(version, range);
  const passed = run(
    process.execPath,
    [join(copy, 'node_modules/vitest/vitest.mjs'), 'run', ...TESTS],
    copy,
  );
  console.log(
    `TypeORM ${version}, the newest release, is ${isTaken ? 'inside' : 'outside'} the peer range ` +
      `${range}: the self-check and test/typeorm ${passed ? 'pass' : 'FAIL'} on it.`,
  );
  if (!isTaken) return 0;
  cpSync(join(copy, 'reports'), join(root, 'reports'), { recursive: true });
  return passed ? 0 : 1;
}

/** Copies the tree and puts the newest release, with its own dependencies, in place of ours. */
function installNewest(copy) {
  mkdirSync(copy);
  const entries = readdirSync(root).filter((name) => !LEFT_OUT.includes(name));
  if (!run('cp', ['-a', ...entries, copy], root))
    throw new Error('Cannot copy the tree: see above.');
  const fetched = join(work, 'fetched');
  mkdirSync(fetched);
  // Peers (mysql2) are ours.
  const options = ['--legacy-peer-deps', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  if (!run('npm', ['install', '--prefix', fetched, ...options, 'typeorm@latest'], fetched)) {
    throw new Error('Cannot install typeorm@latest: see above.');
  }
  const place = join(copy, 'node_modules/typeorm');
  rmSync(place, { recursive: true });
  renameSync(join(fetched, 'node_modules/typeorm'), place);
  mkdirSync(join(place, 'node_modules'), { recursive: true });
  for (const name of readdirSync(join(fetched, 'node_modules'))) {
    if (name.startsWith('.')) continue;
    renameSync(join(fetched, 'node_modules', name), join(place, 'node_modules', name));
  }
  return readJson(join(place, 'package.json')).version;
}

function run(command, args, cwd) {
  const env = { ...process.env, SWITCHYARD_REPORT: REPORT };
  return spawnSync(command, args, { cwd, env, stdio: 'inherit' }).status === 0;
}

/** `~1.1.0 || ~1.2.0`: the minors that the suite was run on. */
function isInside(version, range) {
  const minorOf = (text) => text.split('.').slice(0, 2).join('.');
  return range.split('||').some((part) => minorOf(part.trim().slice(1)) === minorOf(version));
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
