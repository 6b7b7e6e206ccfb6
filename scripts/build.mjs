// npm run build: dist of each package, in the order of the arrows, as it would be published.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { become, program, root, setUp } from './setup.mjs';

const EMITTED = /\.(js|d\.ts)(\.map)?$/;

setUp();
for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  // The compiler trusts its notes and would not write a dist again that someone removed.
  if (!existsSync(join(folder, 'dist'))) rmSync(join(folder, 'build.tsbuildinfo'), { force: true });
  else removeOrphans(folder);
}
await become([program('typescript/bin/tsc'), '--build', 'packages/cli/tsconfig.build.json']);

/** Compiled files of a removed source would be published with every release. */
function removeOrphans(folder) {
  for (const file of readdirSync(join(folder, 'dist'), { recursive: true })) {
    if (!EMITTED.test(file)) continue;
    const source = join(folder, 'src', file.replace(EMITTED, '.ts'));
    if (!existsSync(source)) rmSync(join(folder, 'dist', file));
  }
}
