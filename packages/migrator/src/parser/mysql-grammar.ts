import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { ParserUnavailableError } from './parser-errors.ts';
import type { ParseNode } from './parse-node.ts';

interface Token {
  readonly start: number;
  readonly stop: number;
}

/** The narrow part of the ANTLR runtime that is used. */
interface Tree {
  readonly constructor: { readonly name: string };
  readonly start?: Token | null;
  readonly stop?: Token | null;
  readonly symbol?: Token;
  readonly children?: readonly Tree[] | null;
}
interface Recogniser {
  removeErrorListeners(): void;
  addErrorListener(listener: object): void;
  program(): Tree;
}
type Make<T> = new (input: object) => T;
interface Antlr {
  readonly CharStreams: { fromString(text: string): object };
  readonly CommonTokenStream: Make<object>;
}
interface Grammar {
  readonly antlr: Antlr;
  readonly lexer: Make<Recogniser>;
  readonly parser: Make<Recogniser>;
}

let loaded: Grammar | undefined;

/**
 * The tree of one statement, or undefined where the grammar does not know the text.
 * @throws ParserUnavailableError
 */
export function parseSql(text: string): ParseNode | undefined {
  const { antlr, lexer, parser } = (loaded ??= loadGrammar());
  let errors = 0;
  const listener = {
    syntaxError: () => void (errors += 1),
    reportAmbiguity: () => undefined,
    reportAttemptingFullContext: () => undefined,
    reportContextSensitivity: () => undefined,
  };
  const tokens = new lexer(antlr.CharStreams.fromString(text));
  const recogniser = new parser(new antlr.CommonTokenStream(tokens));
  for (const each of [tokens, recogniser]) {
    each.removeErrorListeners();
    each.addErrorListener(listener);
  }
  const tree = recogniser.program();
  return errors > 0 ? undefined : plainNode(tree);
}

/** dt-sql-parser publishes modules that Node refuses (imports without extension): they are linked
 * here, three generated files of one pinned version, the first time that SQL is read. */
function loadGrammar(): Grammar {
  try {
    const require = createRequire(import.meta.url);
    const root = dirname(require.resolve('dt-sql-parser/package.json'));
    const antlr = createRequire(join(root, 'package.json'))('antlr4ng') as Antlr;
    const lib = join(root, 'dist', 'lib');
    const base = linked(join(lib, 'SQLParserBase.js'), 'SQLParserBase', { antlr });
    const lexer = linked(join(lib, 'mysql', 'MySqlLexer.js'), 'MySqlLexer', { antlr });
    const imports = { antlr, SQLParserBase: base };
    const parser = linked(join(lib, 'mysql', 'MySqlParser.js'), 'MySqlParser', imports);
    return { antlr, lexer: lexer as Make<Recogniser>, parser: parser as Make<Recogniser> };
  } catch (error) {
    throw new ParserUnavailableError(error);
  }
}

function linked(file: string, name: string, imports: Record<string, unknown>): unknown {
  const source = readFileSync(file, 'utf8')
    .replaceAll(/^import .*$/gm, '')
    .replaceAll(/^export (?=class )/gm, '');
  const body = compileFunction(`${source}\nreturn ${name};`, Object.keys(imports), {
    filename: file,
  }) as (...values: readonly unknown[]) => unknown;
  return body(...Object.values(imports));
}

function plainNode(tree: Tree): ParseNode {
  if (tree.symbol !== undefined) {
    return { rule: '', start: tree.symbol.start, end: tree.symbol.stop + 1, children: [] };
  }
  return {
    rule: tree.constructor.name.replace(/Context$/, ''),
    start: tree.start?.start ?? 0,
    end: (tree.stop?.stop ?? -1) + 1,
    children: (tree.children ?? []).map(plainNode),
  };
}
