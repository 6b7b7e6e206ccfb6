import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** `[file](path): title`, up to the next one or the end of the cell. */
const NAMED = /\]\(([^)]+)\)(?:: (.+?))?(?=; \[|$)/g;
const DIVIDER = /^\|[\s:|-]+\|$/;

const pages = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`);
const tables = pages.map((page) => ({ page, rows: rowsWithTest(read(page)) }));

describe.each(tables.filter(({ rows }) => rows.length > 0))(
  'the column `test` of $page',
  ({ page, rows }) => {
    it('names in each row a test that exists, by its file and its whole title', () => {
      expect(rows.flatMap((row) => wrong(page, row))).toEqual([]);
    });
  },
);

describe('the column `test`', () => {
  const row = (cell: string) => rowsWithTest(`| a | test |\n|---|---|\n| x | ${cell} |`);

  it.each<[cell: string, problem: string]>([
    ['', 'names no test'],
    ['the same', 'names no test'],
    ['[x](scripts/links.test.ts)', 'names no title of scripts/links.test.ts'],
    ['[x](scripts/gone.test.ts): lead', 'names no file: scripts/gone.test.ts'],
    ['[x](scripts/links.test.ts): lead to what', 'names no test: lead to what'],
    ['[x](scripts/links.mjs): lead to what is there', 'is no test: scripts/links.mjs'],
  ])('with %j is found wrong', (cell, problem) => {
    expect(wrong('README.md', row(cell)[0]!)).toEqual([`x: ${problem}`]);
  });

  it('takes several tests, and “the same” under a row that names one', () => {
    const named = '[a](scripts/links.test.ts): lead to what is there';
    const [first, second] = rowsWithTest(
      `| a | test |\n|---|---|\n| x | ${named}; ${named} |\n| y | the same |`,
    );
    expect([...wrong('README.md', first!), ...wrong('README.md', second!)]).toEqual([]);
  });
});

interface Row {
  readonly about: string;
  readonly cell: string;
}

/** The rows of every table whose last column is called `test`; “the same” is spelled out. */
function rowsWithTest(text: string): Row[] {
  const rows: Row[] = [];
  let inTable = false;
  let above = '';
  for (const line of text.split('\n')) {
    if (!line.startsWith('|')) inTable = false;
    else if (/\| *test *\|$/.test(line)) [inTable, above] = [true, ''];
    else if (inTable && !DIVIDER.test(line)) {
      const cells = line.slice(2, -1).split(' | ');
      const cell = (cells.at(-1) ?? '').trim();
      above = cell === 'the same' ? above : cell;
      rows.push({ about: cells[0]!.trim(), cell: above });
    }
  }
  return rows;
}

/** What is wrong with the tests that a row names; empty where all is well. */
function wrong(page: string, { about, cell }: Row): string[] {
  const named = [...cell.matchAll(NAMED)];
  if (named.length === 0) return [`${about}: names no test`];
  return named.flatMap(([, to = '', title]) => {
    if (!to.endsWith('.test.ts')) return [`${about}: is no test: ${to}`];
    if (title === undefined) return [`${about}: names no title of ${to}`];
    const source = read(join(dirname(page), to));
    if (source === '') return [`${about}: names no file: ${to}`];
    const quoted = ["'", '"', '`'].some((quote) => source.includes(quote + title + quote));
    return quoted ? [] : [`${about}: names no test: ${title}`];
  });
}

function read(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}
