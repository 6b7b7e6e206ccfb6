import ts from 'typescript';

/** A phrase that the project does not write, and what stands for it. */
export interface Avoided {
  readonly pattern: RegExp;
  readonly phrase: string;
  readonly instead: string;
}

/** A place in a text where an avoided phrase stands. */
export interface Found {
  readonly phrase: string;
  readonly instead: string;
  readonly line: number;
}

/** Reads the list: `phrase<tab>what to write instead`, `#` for remarks. */
export function readList(text: string): Avoided[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [phrase = '', instead = ''] = line.split('\t');
      return { phrase, instead, pattern: new RegExp(`\\b(?:${phrase})\\b`, 'gi') };
    });
}

/** What a person reads of a file: the comments of code, the prose of a page; lines stay lines. */
export function proseOf(path: string, text: string): string {
  return path.endsWith('.md') ? proseOfPage(text) : commentsOf(text);
}

/** How many words a text has. */
export function countWords(text: string): number {
  return text.match(/[A-Za-z][A-Za-z'-]*/g)?.length ?? 0;
}

/** Every place of a text where an avoided phrase stands. */
export function findAvoided(text: string, list: readonly Avoided[]): Found[] {
  return list.flatMap(({ pattern, phrase, instead }) =>
    [...text.matchAll(pattern)].map(({ 0: word, index }) => ({
      phrase: word.length < phrase.length ? word : phrase,
      instead,
      line: text.slice(0, index).split('\n').length,
    })),
  );
}

function proseOfPage(text: string): string {
  return withoutCode(text.replace(/^```[\s\S]*?^```/gm, blank));
}

function commentsOf(text: string): string {
  const scanner = ts.createScanner(
    ts.ScriptTarget.Latest,
    false,
    ts.LanguageVariant.Standard,
    text,
  );
  let prose = blank(text);
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    if (!isComment(kind)) continue;
    const [from, to] = [scanner.getTokenStart(), scanner.getTokenEnd()];
    prose = prose.slice(0, from) + text.slice(from, to) + prose.slice(to);
  }
  return withoutCode(prose);
}

function isComment(kind: ts.SyntaxKind): boolean {
  return (
    kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia
  );
}

function withoutCode(text: string): string {
  return text.replace(/`[^`\n]*`/g, blank);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
