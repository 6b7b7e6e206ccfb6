import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
/** A link, and the title of the test that a table names behind it. */
const LINK = /\]\(([^)#\s]+)(?:#[^)]*)?\)(?:: ([^|\n]+?)(?=; \[| \|))?/g;

const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'],
  ...inFolder('docs').filter((path) => path.endsWith('.md')),
  ...[...inFolder('packages'), ...inFolder('examples')].map((folder) => `${folder}/README.md`),
].filter((path) => existsSync(join(root, path)));

describe.each(pages)('the links of %s', (page) => {
  const links = [...readFileSync(join(root, page), 'utf8').matchAll(LINK)]
    .map(([, to = '', title]) => ({ to, title, path: join(root, dirname(page), to) }))
    .filter(({ to }) => !/^[a-z]+:/.test(to));

  it('lead to what is there', () => {
    expect(links.filter(({ path }) => !existsSync(path)).map(({ to }) => to)).toEqual([]);
  });

  it('name tests that exist', () => {
    const lost = links.filter(
      ({ path, title }) => title !== undefined && !readFileSync(path, 'utf8').includes(title),
    );
    expect(lost.map(({ title }) => title)).toEqual([]);
  });
});

describe('every package', () => {
  it('has a README and says which entries it exports', () => {
    for (const folder of inFolder('packages')) {
      expect(existsSync(join(root, folder, 'README.md')), folder).toBe(true);
      const manifest: unknown = JSON.parse(
        readFileSync(join(root, folder, 'package.json'), 'utf8'),
      );
      expect(manifest, folder).toHaveProperty(['exports', '.', 'source']);
    }
  });
});

function inFolder(folder: string): string[] {
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
}
