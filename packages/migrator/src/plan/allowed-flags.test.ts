import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ALLOW_PREFIXES, whyNoFlag } from './allowed-flags.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const NAMES = { shards: ['us1', 'us2'], migrations: ['AddEmail1790000000000'] };
const prefixes = Object.keys(ALLOW_PREFIXES);

describe('the flags of --allow', () => {
  it('are those of the table in docs/plan.md', () => {
    const page = readFileSync(`${ROOT}docs/plan.md`, 'utf8');
    const rows = page.split('\n').filter((line) => /^\|.*\| `.*:.*` \|$/.test(line));
    const named = rows.flatMap((row) => [
      ...row.slice(row.lastIndexOf('|', row.length - 2)).matchAll(/`([a-z-]+):/g),
    ]);
    expect(named.map(([, prefix]) => prefix).sort()).toEqual([...prefixes].sort());
  });

  it('have every prefix that a refusal of the migrator names', () => {
    const folder = `${ROOT}packages/migrator/src`;
    const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(`${folder}/${path}`, 'utf8'));
    const used = texts.flatMap((text) => [...text.matchAll(/[`']([a-z-]+):\$\{/g)]);
    const flags = used.map(([, prefix]) => prefix).filter((prefix) => prefix !== 'mysql');
    expect(flags.length).toBeGreaterThan(8);
    for (const prefix of flags) expect(prefixes).toContain(prefix);
  });

  it.each([
    ['drop-colum:account.legacy', 'none of drop-column'],
    ['drop-column', 'drop-column:table.column'],
    ['drop-column:account', 'drop-column:table.column'],
    ['drop-column:account.', 'drop-column:table.column'],
    ['drop-table:', 'drop-table:table'],
    ['toString:account', 'none of'],
    ['drift:us3', 'no shard us3 (us1, us2)'],
    ['not-awaited:AddEmail', 'no migration AddEmail'],
  ])('refuse %s', (flag, why) => {
    expect(whyNoFlag(flag, NAMES)).toContain(why);
  });

  it.each(['drop-column:account.legacy', 'drift:us1', 'not-awaited:AddEmail1790000000000'])(
    'take %s',
    (flag) => expect(whyNoFlag(flag, NAMES)).toBeUndefined(),
  );
});
