import { describe, expect, it } from 'vitest';
import { countWords, findAvoided, proseOf, readList } from './prose.ts';

const list = readList('# a remark\n\nnobody\tname the subject\nmend|mends\tfix');

describe('the words of a private dialect', () => {
  it('are found in comments, with their line and what to write instead', () => {
    const prose = proseOf('a.ts', "const a = 'nobody';\n// Nobody reads this.\n/** It mends. */");
    expect(findAvoided(prose, list)).toEqual([
      { phrase: 'nobody', instead: 'name the subject', line: 2 },
      { phrase: 'mends', instead: 'fix', line: 3 },
    ]);
  });

  it('are found in the prose of a page, and not in its code', () => {
    const page = 'Nobody `nobody` here.\n```ts\n// nobody\n```\nThe end: mend';
    expect(findAvoided(proseOf('a.md', page), list).map(({ line }) => line)).toEqual([1, 5]);
  });

  it('are whole words', () => {
    expect(findAvoided('amend, mended, nobodys', list)).toEqual([]);
  });
});

describe('the count of words', () => {
  it('takes comments only, without code in them', () => {
    expect(countWords(proseOf('a.ts', 'const some = code; // three words `code` here'))).toBe(3);
  });
});
