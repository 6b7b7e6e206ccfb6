import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Values at the root of a package that a reader can still take in. */
const MOST_VALUES = 25;

interface Door {
  /** `@switchyard/models` or `@switchyard/models/internal`. */
  readonly name: string;
  readonly file: string;
}

const doors = readdirSync(join(root, 'packages')).flatMap((folder) => doorsOf(folder));
const menus = doors.filter(({ name }) => name.split('/').length === 2);
const open = doors.filter(({ name }) => !name.endsWith('/internal'));
const program = compile(doors.map(({ file }) => file));
const checker = program.getTypeChecker();

describe.each(menus)('the menu of $name', (door) => {
  const values = exportsOf(door).filter(isValue);

  it(`has at most ${MOST_VALUES} values`, () => {
    expect(values.map(({ name }) => name).slice(MOST_VALUES)).toEqual([]);
  });

  it('has errors as types only: users test codes', () => {
    expect(
      values
        .filter(({ name }) => name.endsWith('Error') && name !== 'isSwitchyardError')
        .map(({ name }) => name),
    ).toEqual([]);
  });
});

describe('a public name', () => {
  it('means one thing, whichever package it is imported from', () => {
    const meanings = new Map<string, Set<string>>();
    for (const symbol of open.flatMap(exportsOf)) {
      const places = meanings.get(symbol.name) ?? new Set();
      meanings.set(symbol.name, places.add(declaredAt(symbol)));
    }
    const several = [...meanings].filter(([, places]) => places.size > 1);
    expect(several.map(([name, places]) => [name, ...places])).toEqual([]);
  });
});

describe('what only our own packages need', () => {
  const INSIDE = /@switchyard\/[\w-]+\/internal/;

  it('is imported by no README, no page of docs and no example', () => {
    const pages = [...filesIn('docs'), ...filesIn('examples'), ...filesIn('packages'), 'README.md'];
    const shown = pages.filter((path) => path.endsWith('.md') || path.startsWith('examples/'));
    const codeOf = (path: string) => {
      const text = readFileSync(join(root, path), 'utf8');
      if (!path.endsWith('.md')) return text;
      return [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map(([, code]) => code).join('\n');
    };
    expect(shown.length).toBeGreaterThan(50);
    expect(shown.filter((path) => INSIDE.test(codeOf(path)))).toEqual([]);
  });
});

function doorsOf(folder: string): Door[] {
  const { name, exports } = JSON.parse(
    readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'),
  ) as { name: string; exports: Record<string, { source?: string }> };
  return Object.entries(exports).flatMap(([path, { source }]) =>
    source === undefined
      ? []
      : [{ name: name + path.slice(1), file: join(root, 'packages', folder, source) }],
  );
}

function compile(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
    ts.sys.readFile(path),
  ) as { config: object };
  return ts.createProgram(files, ts.parseJsonConfigFileContent(config, ts.sys, root).options);
}

function exportsOf({ file }: Door): ts.Symbol[] {
  return checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)!)!);
}

function isValue(symbol: ts.Symbol): boolean {
  const isTypeOnly = symbol.declarations?.some(ts.isTypeOnlyImportOrExportDeclaration) ?? false;
  return !isTypeOnly && (targetOf(symbol).flags & ts.SymbolFlags.Value) !== 0;
}

function targetOf(symbol: ts.Symbol): ts.Symbol {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  return isAlias ? checker.getAliasedSymbol(symbol) : symbol;
}

function declaredAt(symbol: ts.Symbol): string {
  const [declaration] = targetOf(symbol).declarations ?? [];
  return declaration === undefined
    ? symbol.name
    : relative(root, declaration.getSourceFile().fileName);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(md|ts)$/.test(path) && !path.includes('node_modules'))
    .map((path) => `${folder}/${path}`);
}
