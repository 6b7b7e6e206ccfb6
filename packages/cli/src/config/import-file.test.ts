import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { importTypeScript } from './import-file.ts';

const CONFIG = `
import { Account } from './account.ts';
export default { entities: [Account], here: import.meta.url } satisfies object;
`;
const ACCOUNT = `
const seen: string[] = [];
const Column = () => (_target: object, name: string) => void seen.push(name);
export class Account {
  @Column() id!: string;
  @Column() name: string = 'Ada';
  static columns = seen;
}
`;

describe('a TypeScript config outside of this repository', () => {
  let folder = '';
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is imported with entities whose decorated fields are definitely assigned', async () => {
    // Below this file, so that the project's own TypeScript is found as in a user's project.
    folder = await mkdtemp(fileURLToPath(new URL('./.config-', import.meta.url)));
    await writeFile(join(folder, 'account.ts'), ACCOUNT);
    await writeFile(join(folder, 'config.ts'), CONFIG);

    const imported = (await importTypeScript(join(folder, 'config.ts'))) as {
      default: { entities: [{ columns: string[]; new (): object }]; here: string };
    };

    const [Account] = imported.default.entities;
    expect(Account.columns).toEqual(['id', 'name']);
    expect(new Account()).toEqual({ name: 'Ada' }); // no own undefined `id`
    expect(imported.default.here).toContain('config.ts');
  });

  it('is imported where the project has TypeScript 7, which has no compiler to call', async () => {
    folder = await mkdtemp(fileURLToPath(new URL('./.config-', import.meta.url)));
    const seven = join(folder, 'node_modules', 'typescript');
    await mkdir(seven, { recursive: true });
    await writeFile(join(seven, 'package.json'), '{"name":"typescript","main":"./version.cjs"}');
    await writeFile(join(seven, 'version.cjs'), "exports.version = '7.0.2';");
    await writeFile(join(folder, 'account.ts'), ACCOUNT);
    await writeFile(join(folder, 'config.ts'), CONFIG);
    const imported = (await importTypeScript(join(folder, 'config.ts'))) as {
      default: { entities: [{ columns: string[] }] };
    };
    expect(imported.default.entities[0].columns).toEqual(['id', 'name']);
  });
});
