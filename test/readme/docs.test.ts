import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readPage } from './page.ts';
import { TypedPages } from './typed-pages.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => ({ path: `docs/${name}`, ...readPage(join(root, 'docs', name)) }));
const typed = new TypedPages(pages);

describe.each(pages)('the code on $path', ({ path, blocks, notRun }) => {
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    it(`compiles against the packages: the block at line ${block.line}`, () => {
      expect(typed.mistakesIn(path, block)).toEqual([]);
    });
  }

  for (const { line, reason } of notRun) {
    it(`is not compiled: the block at line ${line}`, (ctx) => ctx.skip(reason));
  }

  it('is in a language that is looked at, and JSON is JSON', () => {
    const text = readFileSync(join(root, path), 'utf8');
    const fences = [...text.matchAll(/^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm)];
    for (const [, language = '', code = ''] of fences) {
      expect(['', 'ts', 'sh', 'json', 'sql']).toContain(language);
      if (language === 'json') expect(() => JSON.parse(code) as unknown).not.toThrow();
    }
  });
});

describe('a page of docs/', () => {
  const mistakes = (text: string) => {
    const block = { line: 7, language: 'ts', text, file: undefined } as const;
    const path = 'docs/wrong.md';
    return new TypedPages([{ path, blocks: [block] }]).mistakesIn(path, block);
  };

  it('is told the line of a name that does not exist, and of an argument that does not fit', () => {
    const imports = "import { traceShards, nothing } from '@switchyard/shard-context/otel';\n";
    expect(mistakes(`${imports}traceShards('us1');\n`)).toEqual([
      expect.stringMatching(/^line 8: .*'nothing'/),
      expect.stringMatching(/^line 9: .*'Topology'/),
    ]);
  });
});
