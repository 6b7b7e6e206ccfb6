import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Source files of one folder that a reader can still take in. */
const MOST_FILES = 20;
/** The doors of a package: they import every folder and belong to none. */
const DOORS = ['index.ts', 'internal.ts', 'locator.ts', 'error-codes.ts'];

describe.each(readdirSync(join(root, 'packages')))('the folders of packages/%s', (name) => {
  const source = join(root, 'packages', name, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !DOORS.includes(file),
  );

  it('need each other in one direction only, files at the root included', () => {
    expect(cycles(needs(source, files))).toEqual([]);
  });

  it(`hold at most ${MOST_FILES} files besides tests`, () => {
    const sizes = new Map<string, number>();
    for (const file of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
    expect([...sizes].filter(([, size]) => size > MOST_FILES)).toEqual([]);
  });
});

describe('the search for cycles', () => {
  it('finds two folders that need each other, over a third one too', () => {
    const folders = new Map([
      ['a', new Set(['b'])],
      ['b', new Set(['c'])],
      ['c', new Set(['a'])],
      ['d', new Set(['a'])],
    ]);
    expect(cycles(folders)).toEqual(['a', 'b', 'c']);
  });
});

/** Which folders each folder imports from, type imports included. */
function needs(source: string, files: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of files) {
    const folder = dirname(file);
    const targets = found.get(folder) ?? new Set();
    found.set(folder, targets);
    const text = readFileSync(join(source, file), 'utf8');
    for (const [, path = ''] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
      const target = dirname(relative(source, normalize(join(source, folder, path))));
      if (target !== folder) targets.add(target);
    }
  }
  return found;
}

/** The folders from which a way leads back to themselves. */
function cycles(folders: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  return [...folders.keys()].filter((start) => {
    const seen = new Set<string>();
    const open = [...(folders.get(start) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(...(folders.get(next) ?? []));
    }
    return false;
  });
}
