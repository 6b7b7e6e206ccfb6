import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
  /** The files of a cycle, which is reported once for all of them. */
  readonly cycle?: readonly { readonly name: string }[];
}

describe('the architecture gate', () => {
  const house = mkdtempSync(join(tmpdir(), 'switchyard-planted-'));
  let found: string[] = [];
  const plant = (path: string, text: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), text);
  };

  beforeAll(() => {
    for (const name of readdirSync(join(root, 'packages'))) {
      const exports = { '.': { source: './src/index.ts' } };
      plant(
        `packages/${name}/package.json`,
        JSON.stringify({ name: `@switchyard/${name}`, exports }),
      );
      plant(`packages/${name}/src/index.ts`, `export const ${name.replace('-', '')} = 1;`);
      mkdirSync(join(house, 'node_modules/@switchyard'), { recursive: true });
      symlinkSync(join(house, 'packages', name), join(house, 'node_modules/@switchyard', name));
    }
    symlinkSync(join(root, 'node_modules/fastify'), join(house, 'node_modules/fastify'));
    plantViolations(plant);
    found = cruise(house);
  });
  afterAll(() => rmSync(house, { recursive: true }));

  it.each([
    ['a cycle', 'no-cycles', 'packages/models/src/hen.ts'],
    ['a cycle of type imports', 'no-cycles', 'packages/models/src/type-hen.ts'],
    ['a cycle of folders', 'no-folder-cycles', 'packages/models/src/coop'],
    ['models importing directory', 'arrows-models', 'packages/models/src/wrong-arrow.ts'],
    ['the core importing models', 'arrows-shard-context', 'packages/shard-context/src/upward.ts'],
    ['jobs importing models', 'arrows-jobs', 'packages/jobs/src/wrong-arrow.ts'],
    ['a queue outside its adapter', 'libraries-jobs', 'packages/jobs/src/library.ts'],
    ['the core of jobs importing an adapter', 'core-knows-no-adapter', 'packages/jobs/src/back.ts'],
    ['a type import against an arrow', 'arrows-directory', 'packages/directory/src/type-arrow.ts'],
    ['mysql beside its store', 'directory-mysql', 'packages/directory/src/beside.ts'],
    ["another package's inside", 'by-public-name', 'packages/migrator/src/burglar.ts'],
    ['a library in the core', 'libraries-shard-context', 'packages/shard-context/src/library.ts'],
    ["an adapter with another's host", 'adapter-koa', 'packages/shard-context/src/koa/index.ts'],
    [
      'the core importing an adapter',
      'core-knows-no-adapter',
      'packages/shard-context/src/back.ts',
    ],
    ['a second AsyncLocalStorage', 'one-async-local-storage', 'packages/models/src/second-als.ts'],
    ['an import that leads nowhere', 'resolvable', 'packages/cli/src/lost.ts'],
  ])('refuses %s', (_what, rule, path) => {
    expect(found).toContain(`${rule} ${path}`);
  });

  it('accepts the arrows of the design', () => {
    expect(found.filter((line) => /\/(allowed|stores\/mysql)\.ts/.test(line))).toEqual([]);
  });
});

function plantViolations(plant: (path: string, text: string) => void): void {
  const core = 'packages/shard-context/src';
  plant(
    'packages/models/src/hen.ts',
    "import { egg } from './egg.ts'; export const hen = () => egg;",
  );
  plant(
    'packages/models/src/egg.ts',
    "import { hen } from './hen.ts'; export const egg = () => hen;",
  );
  plant(
    'packages/models/src/type-hen.ts',
    "import type { Egg } from './type-egg.ts'; export type Hen = { lays: Egg };",
  );
  plant(
    'packages/models/src/type-egg.ts',
    "import type { Hen } from './type-hen.ts'; export type Egg = { of: Hen };",
  );
  plant('packages/models/src/coop/roost.ts', "export * from '../barn/hay.ts';");
  plant('packages/models/src/barn/straw.ts', "export * from '../coop/nest.ts';");
  plant('packages/models/src/barn/hay.ts', 'export const hay = 1;');
  plant('packages/models/src/coop/nest.ts', 'export const nest = 1;');
  plant('packages/models/src/wrong-arrow.ts', "export * from '@switchyard/directory';");
  plant('packages/models/src/second-als.ts', "export * as hooks from 'node:async_hooks';");
  plant('packages/models/src/allowed.ts', "export * from '@switchyard/shard-context';");
  plant('packages/cli/src/allowed.ts', "export * from '@switchyard/migrator';");
  plant('packages/cli/src/lost.ts', "export * from '@switchyard/nowhere';");
  plant('packages/jobs/src/wrong-arrow.ts', "export * from '@switchyard/models';");
  plant('packages/jobs/src/library.ts', "export * from 'fastify';");
  plant('packages/jobs/src/bullmq/index.ts', 'export const queue = 1;');
  plant('packages/jobs/src/back.ts', "export * from './bullmq/index.ts';");
  plant(`${core}/upward.ts`, "export * from '@switchyard/models';");
  plant(
    'packages/directory/src/type-arrow.ts',
    "import type { models } from '@switchyard/models'; export type M = typeof models;",
  );
  plant('packages/directory/src/beside.ts', "export * from '@switchyard/mysql';");
  plant('packages/directory/src/stores/mysql.ts', "export * from '@switchyard/mysql';");
  plant('packages/migrator/src/burglar.ts', "export * from '../../models/src/hen.ts';");
  plant(`${core}/library.ts`, "export * from 'fastify';");
  plant(`${core}/fastify/index.ts`, "export { fastify } from 'fastify';");
  plant(`${core}/koa/index.ts`, "export { fastify } from 'fastify';");
  plant(`${core}/back.ts`, "export * from './fastify/index.ts';");
}

function cruise(house: string): string[] {
  const config = join(root, '.dependency-cruiser.cjs');
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--config', config, '--output-type', 'json', 'packages'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: house, encoding: 'utf8' });
  const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[] } };
  return summary.violations.flatMap(({ rule, from, cycle = [] }) =>
    [from, ...cycle.map(({ name }) => name)].map((file) => `${rule.name} ${file}`),
  );
}

describe('the lint gate', () => {
  const eslint = new ESLint({ cwd: root });
  // Text given for a file that exists: rules that need types want to find it in the project.
  const path = join(root, 'packages/shard-context/src/frame.ts');
  const lint = async (text: string, filePath = path) => {
    const [result] = await eslint.lintText(text, { filePath });
    return result!.messages.map(({ message }) => message).join('\n');
  };

  it.each([
    ['enterWith', 'als.enterWith({});', 'enterWith leaks'],
    ['exit of a context', 'als.exit(() => 1);', 'exit() loses it'],
    ['AsyncResource.bind', 'AsyncResource.bind(() => 1);', 'AsyncResource.bind costs'],
    ['a plain Error', "throw new Error('no');", 'Throw a subclass of SwitchyardError'],
    ['an exported name without docstring', 'export const a = 1;', 'Missing JSDoc comment'],
    ['an exported type without docstring', 'export type A = 1;', 'Missing JSDoc comment'],
    ['any', '/** A. */\nexport const a: any = 1;', 'Unexpected any'],
    ['a default export', '/** A. */\nexport default function f() {}', 'Export by name'],
    ['an enum', 'enum E { a }', 'Use a union'],
    ['a forgotten await', '/** A. */\nexport async function f() {}\nf();', 'Promises must be'],
    ['process.exit', 'process.exit(1);', 'A library does not end its host'],
    ['a file of 351 lines', '\n'.repeat(351), 'File has too many lines'],
    ['a function of 51 lines', `function f() {${'\n'.repeat(50)}}`, 'has 51 lines'],
  ])('refuses %s', async (_what, text, message) => {
    expect(await lint(text)).toContain(message);
  });

  it('refuses a file name that says where no one decided', async () => {
    expect(await lint('', join(root, 'scripts/utils.mjs'))).toContain('name what is inside');
  });

  it('accepts documented code', async () => {
    expect(await lint('/** What it is for. */\nexport const shardCount = 1;\n')).toBe('');
  });
});
