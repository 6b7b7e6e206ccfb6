import { readFileSync } from 'node:fs';

/** A piece of a page that a reader would type. */
export interface Block {
  /** Line of the page on which it starts, for messages. */
  readonly line: number;
  readonly language: 'ts' | 'sh';
  readonly text: string;
  /** The name that its first line gives: `// shards.ts`. A named block is a file for the others. */
  readonly file: string | undefined;
}

/** A page's blocks, and those that it says are not run, with the reason. */
export interface Page {
  readonly blocks: readonly Block[];
  readonly notRun: readonly { readonly line: number; readonly reason: string }[];
}

const FENCE = /^```(ts|sh)\b[^\n]*\n([\s\S]*?)^```$/gm;
const NOT_RUN = /<!-- not run: (.+?) -->\s*$/;
const FILE_NAME = /^\/\/ (?:file: )?([\w./-]+\.(?:ts|json))\s*$/m;

/**
 * Takes a Markdown page apart. TypeScript blocks are run unless `<!-- not run: reason -->` stands
 * right before them; of shell blocks only the lines that call `npx switchyard`.
 */
export function readPage(path: string): Page {
  const page = readFileSync(path, 'utf8');
  const blocks: Block[] = [];
  const notRun: { line: number; reason: string }[] = [];
  for (const match of page.matchAll(FENCE)) {
    const before = page.slice(0, match.index);
    const line = before.split('\n').length;
    const reason = NOT_RUN.exec(before)?.[1];
    if (reason !== undefined) notRun.push({ line, reason });
    else blocks.push(blockOf(line, match[1] as 'ts' | 'sh', match[2]!));
  }
  return { blocks, notRun };
}

function blockOf(line: number, language: 'ts' | 'sh', text: string): Block {
  const first = text.split('\n', 1)[0]!;
  return { line, language, text, file: language === 'ts' ? FILE_NAME.exec(first)?.[1] : undefined };
}
