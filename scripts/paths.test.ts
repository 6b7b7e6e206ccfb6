import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A path from the repository's root, or one that climbs. Patterns and placeholders are not paths. */
const PATH =
  /(?<![\w/.@$}-])((?:(?:packages|examples|test|bench|scripts|docs)\/|(?:\.\.\/)+)[\w./-]*\w)(?![\w/]*[*<{$(])/g;
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/.*$/gm;

const files = execFileSync('git', ['ls-files', '*.md', '*.ts', '*.mjs', '*.cjs', '.ci'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(root, file)));

describe('a path that is named in a comment or on a page', () => {
  it('exists, from the root or from where it is named, and is inside the repository', () => {
    const wrong = files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return lostPaths(file, proseOf(file, text)).map((path) => `${file}: ${path}`);
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    ['see `docs/gone.md`', ['docs/gone.md']],
    ['see `../../elsewhere/notes.md`', ['../../elsewhere/notes.md']],
    ['see `scripts/paths.test.ts`, test/*/x.ts and docs/<name>.md', []],
  ])('is found in %j', (text, lost) => {
    expect(lostPaths('docs/page.md', text)).toEqual(lost);
  });
});

function proseOf(file: string, text: string): string {
  if (!/\.(ts|mjs|cjs)$/.test(file)) return text;
  return [...text.matchAll(COMMENT)].map(([comment]) => comment).join('\n');
}

function lostPaths(file: string, text: string): string[] {
  const named = new Set([...text.matchAll(PATH)].map(([, path = '']) => path));
  return [...named].filter(
    (path) => !isThere(root, path) && !isThere(dirname(join(root, file)), path),
  );
}

function isThere(from: string, path: string): boolean {
  const full = join(from, path);
  return !relative(root, full).startsWith('..') && existsSync(full);
}
