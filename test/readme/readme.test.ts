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

/** A file of this name is started, asked and ended, after the other blocks have run. */
const SERVICE = 'service.ts';

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

  if (blocks.some(({ file }) => file === SERVICE)) {
    it('serves each customer its own rows, and ends in order at SIGTERM', async () => {
      const { url, stop } = await project!.serve(SERVICE);
      const code = await serveTwoCustomers(url).finally(stop).then(stop);
      expect(code).toBe(0);
    });
  }

  for (const { line, reason } of notRun) {
    it(`is not run: the block at line ${line}`, (ctx) => ctx.skip(reason));
  }
});

/** What a reader would try with curl, on two shards. */
async function serveTwoCustomers(url: string): Promise<void> {
  const asCustomer = async (key: string | undefined, name?: string) => {
    const headers = { 'content-type': 'application/json', ...(key && { 'x-api-key': key }) };
    const body = name === undefined ? {} : { method: 'POST', body: JSON.stringify({ name }) };
    const answer = await fetch(`${url}/accounts`, { headers, ...body });
    return { status: answer.status, rows: (await answer.json()) as unknown };
  };
  for (const [tenant, name] of Object.entries({ acme: 'Ada', berlin: 'Ben' })) {
    const saved = await asCustomer(`key-of-${tenant}`, name);
    expect(saved).toMatchObject({ status: 200, rows: { name, tenantId: tenant } });
  }
  for (const [tenant, name] of Object.entries({ acme: 'Ada', berlin: 'Ben' })) {
    const listed = await asCustomer(`key-of-${tenant}`);
    expect(listed.rows).toEqual([expect.objectContaining({ name, tenantId: tenant })]);
  }
  expect(await asCustomer(undefined)).toMatchObject({
    status: 500,
    rows: { code: 'SHARD_CONTEXT_MISSING' },
  });
  expect((await asCustomer('stolen')).status).toBe(404);
}

describe('README.md', () => {
  it('shows entities, config and a service in 40 lines, the service in 20', () => {
    const { blocks } = readPage(join(root, 'README.md'));
    const [config, service] = blocks.slice(0, 2).map(({ text }) => text.trimEnd().split('\n'));
    expect(blocks.slice(0, 2).map(({ file }) => file)).toEqual(['switchyard.config.ts', SERVICE]);
    expect(config!.length + service!.length).toBeLessThanOrEqual(40);
    expect(service!.length).toBeLessThanOrEqual(20);
    for (const line of [...config!, ...service!]) expect(line.length).toBeLessThanOrEqual(110);
  });
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
