import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReadersFleet, type ReadersFleet } from './fleet-for-readers.ts';
import { readPage } from './page.ts';
import { Project } from './project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`);
const pages = ['README.md', ...packages].filter((path) => existsSync(join(root, path)));

describe.each(pages)('the code on %s', (path) => {
  const { blocks, notRun } = readPage(join(root, path));
  let fleet: ReadersFleet | undefined;
  let project: Project | undefined;

  beforeAll(async () => {
    if (blocks.length === 0) return;
    fleet = await startReadersFleet();
    project = new Project(fleet.env, blocks);
  });
  afterAll(async () => {
    project?.remove();
    await fleet?.stop();
  });

  // In the order of the page: what one block prepares, a later one may use.
  for (const block of blocks) {
    it(`does what its reader expects: the block at line ${block.line}`, async () => {
      for (const command of project!.commandsOf(block)) await project!.run(command);
    });
  }

  for (const { line, reason } of notRun) {
    it(`is not run: the block at line ${line}`, (ctx) => ctx.skip(reason));
  }
});

describe('a page', () => {
  it('says which of its blocks are files, which are run, and which are not and why', () => {
    const { blocks, notRun } = readPage(join(root, 'test/readme/example-page.md'));
    expect(blocks.map(({ line, language, file }) => [line, language, file])).toEqual([
      [5, 'ts', 'greeting.ts'],
      [12, 'ts', undefined],
      [27, 'sh', undefined],
    ]);
    expect(notRun).toEqual([{ line: 21, reason: 'shows a mistake' }]);
  });

  it('has its code run as a reader would run it', async () => {
    const { blocks } = readPage(join(root, 'test/readme/example-page.md'));
    const project = new Project({ WHOM: 'reader' }, blocks);
    const [file, code, shell] = blocks;
    const [command] = project.commandsOf(code!);
    const output = await project.run(command!);
    expect(output).toBe('hello, reader\n');
    expect(project.commandsOf(file!)).toEqual([]);
    expect(project.commandsOf(shell!).map(([, ...args]) => args)).toEqual([['plan', '--json']]);
    project.remove();
  });
});
