// npm run bench -- <name> [--json]: one thing beside its peers, in one run.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { become, root, setUp } from './setup.mjs';

const SUFFIX = '.bench.ts';
const names = readdirSync(join(root, 'bench'))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

const [name, ...rest] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`npm run bench -- <name> [--json], where <name> is one of: ${names.join(', ')}`);
  process.exit(name === undefined ? 0 : 2);
}
setUp();
// The packages are measured as they are published. tsx lowers private fields at run time, which
// makes the making of one query cost 18 µs in place of 7, and would be counted as ours.
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (build.status !== 0) process.exit(build.status ?? 1);
await become(['--import', 'tsx', `bench/${name}${SUFFIX}`, ...rest]);
