// npm run bench -- <name> [--json]: one thing beside its peers, in one run.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { become, root, setUp, TYPESCRIPT } from './setup.mjs';

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
await become([...TYPESCRIPT, `bench/${name}${SUFFIX}`, ...rest]);
