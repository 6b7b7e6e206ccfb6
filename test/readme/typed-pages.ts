import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Block } from './page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const GIVEN = join(root, 'test/readme/docs-given.ts');

/**
 * The TypeScript blocks of pages as one program over the packages' sources, without being run. Each
 * block is a module beside its page; names that `docs-given.ts` declares are there for all.
 */
export class TypedPages {
  readonly #texts = new Map<string, string>();
  #program: ts.Program | undefined;

  constructor(pages: readonly { readonly path: string; readonly blocks: readonly Block[] }[]) {
    this.#texts.set(join(root, 'docs/given-globals.ts'), globalsOf(readFileSync(GIVEN, 'utf8')));
    for (const { path, blocks } of pages) {
      for (const block of blocks) this.#texts.set(pathOf(path, block), completed(block.text));
    }
  }

  /** What the compiler says of a block, with the block's own lines. */
  mistakesIn(page: string, block: Block): string[] {
    this.#program ??= this.#compile();
    const file = this.#program.getSourceFile(pathOf(page, block))!;
    return ts.getPreEmitDiagnostics(this.#program, file).map(({ start = 0, messageText }) => {
      const line = file.getLineAndCharacterOfPosition(start).line + 1;
      return `line ${block.line + line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  }

  #compile(): ts.Program {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    ) as { config: object };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists } = host;
    host.readFile = (path) => this.#texts.get(path) ?? readFile(path);
    host.fileExists = (path) => this.#texts.has(path) || fileExists(path);
    return ts.createProgram([...this.#texts.keys()], options, host);
  }
}

function pathOf(page: string, { file, line }: Block): string {
  return join(root, page.replace(/\.md$/, ''), file ?? `line-${line}.ts`);
}

/** Every block is a module. One that ends in decorators shows what stands before a class. */
function completed(text: string): string {
  const isCut = text.trimEnd().split('\n').at(-1)!.startsWith('@');
  return `${text}${isCut ? 'class Decorated {}\n' : ''}export {};\n`;
}

function globalsOf(given: string): string {
  const names = [...given.matchAll(/^export declare (?:class|const|function) (\w+)/gm)];
  const globals = names.map(([, name]) => `  const ${name}: typeof given.${name};\n`).join('');
  return `import type * as given from '../test/readme/docs-given.ts';\ndeclare global {\n${globals}}\n`;
}
