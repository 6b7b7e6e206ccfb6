// Counts the words of a private dialect in comments and docs: `npm run check -- prose`.
// `node --import tsx scripts/prose/check-prose.ts [path...]` lists those of some files.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countWords, findAvoided, proseOf, readList } from './prose.ts';

/** Avoided words per 1,000: the code that we admire has 0.2 to 0.6. */
const MOST = 1.0;

const root = fileURLToPath(new URL('../..', import.meta.url));
const list = readList(readFileSync(new URL('words-to-avoid.txt', import.meta.url), 'utf8'));
const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
});
const wanted = process.argv.slice(2);
const paths = stdout
  .split('\n')
  .filter((path) => /\.(ts|mjs|cjs|md)$/.test(path))
  .filter((path) => wanted.length === 0 || wanted.some((start) => path.startsWith(start)));

let words = 0;
let found = 0;
for (const path of paths) {
  const prose = proseOf(path, readFileSync(join(root, path), 'utf8'));
  words += countWords(prose);
  for (const { phrase, instead, line } of findAvoided(prose, list)) {
    found += 1;
    console.log(`${path}:${line}: “${phrase}”: write ${instead}`);
  }
}
const rate = (1000 * found) / Math.max(words, 1);
console.log(`${found} in ${words} words of comments and docs: ${rate.toFixed(2)} per 1,000`);
if (rate > MOST) {
  console.log(`At most ${MOST.toFixed(1)} per 1,000: say it as the field does.`);
  process.exitCode = 1;
}
