import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadMigrations } from './load-migrations.ts';

const GOOD = (name: string): string =>
  `export class ${name} { async up(q) { await q.query('SELECT 1'); } async down() {} }`;

describe('loading migrations', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchyard-migrations-'));
    await write('second.mjs', GOOD('Second1700000000002'));
    await write('first.mjs', GOOD('First1700000000001'));
    await write('two.mjs', `${GOOD('Third1700000000003')}\n${GOOD('Fourth1700000000004')}`);
    await write('broken.bad.mjs', 'export class {');
    await write('throws.bad.mjs', "throw new RangeError('not today');");
    await write('empty.bad.mjs', 'export const nothing = 1;');
    await write('unnamed.bad.mjs', GOOD('NoTimestamp'));
    await write('half.bad.mjs', 'export class Half1700000000009 { async up() {} }');
    await write('again.bad.mjs', GOOD('First1700000000001'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('finds them by patterns and puts them in the order of their timestamps', async () => {
    const files = await loadMigrations(['!(*.bad).mjs'], { from: folder });
    expect(files.map(({ name }) => name)).toEqual([
      'First1700000000001',
      'Second1700000000002',
      'Third1700000000003',
      'Fourth1700000000004',
    ]);
    expect(files[0]?.file).toBe(join(folder, 'first.mjs'));
  });

  it('takes classes, and the name that a class gives itself, as TypeORM does', async () => {
    class Renamed {
      name = 'Own1700000000005';
      up = async () => undefined;
      down = async () => undefined;
    }
    const [file] = await loadMigrations([Renamed]);
    expect(file).toMatchObject({ name: 'Own1700000000005', timestamp: 1_700_000_000_005 });
    expect(file?.create()).not.toBe(file?.create());
  });

  it('has another checksum once the file’s text changes', async () => {
    const before = await loadMigrations(['first.mjs'], { from: folder });
    await write('first.mjs', `${GOOD('First1700000000001')} // changed`);
    const after = await loadMigrations(['first.mjs'], { from: folder });
    await write('first.mjs', GOOD('First1700000000001'));
    expect(before[0]?.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(after[0]?.checksum).not.toBe(before[0]?.checksum);
  });

  it.each([
    ['cannot be compiled', 'broken.bad.mjs', 'cannot be imported'],
    ['throws', 'throws.bad.mjs', 'cannot be imported'],
    ['has no class', 'empty.bad.mjs', 'exports no migration class'],
    [
      'has a class without a timestamp',
      'unnamed.bad.mjs',
      'does not end in a JavaScript timestamp',
    ],
    ['has a class without down()', 'half.bad.mjs', 'no up() and down()'],
    ['is not there', 'nowhere.mjs', 'no file fits'],
  ])('refuses a file that %s, and names it', async (_what, file, reason) => {
    const refused = await loadMigrations([file], { from: folder }).catch((e: unknown) => e);
    expect(refused).toMatchObject({ code: 'MIGRATION_FILE_BROKEN' });
    expect((refused as Error).message).toContain(file);
    expect((refused as Error).message).toContain(reason);
  });

  it('refuses two migrations of one name, and names both files', async () => {
    const both = loadMigrations(['first.mjs', 'again.bad.mjs'], { from: folder });
    await expect(both).rejects.toMatchObject({ code: 'MIGRATION_FILE_BROKEN' });
    await expect(both).rejects.toThrow(/first\.mjs and .*again\.bad\.mjs/);
  });

  async function write(name: string, text: string): Promise<void> {
    await writeFile(join(folder, name), text);
  }
});
