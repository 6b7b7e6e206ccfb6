import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { SwitchyardError } from '@switchyard/shard-context/internal';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGES = readdirSync(`${ROOT}packages`).filter((name) =>
  existsSync(`${ROOT}packages/${name}/package.json`),
);

interface Documented {
  readonly package: string;
  readonly class: string;
  readonly retryable: boolean;
}

describe('docs/errors.md', () => {
  const page = sections(readFileSync(`${ROOT}docs/errors.md`, 'utf8'));
  const code = new Map<string, Documented>();

  beforeAll(async () => {
    for (const name of PACKAGES) await collect(name, code);
  });

  it.each(PACKAGES)(
    'has a section for every error of @switchyard/%s and for no other, with its class and retryability',
    (name) => expect(of(name, page)).toEqual(of(name, code)),
  );

  it.each(PACKAGES)('misses no error: @switchyard/%s exports every class with a code', (name) => {
    expect([...code.keys()]).toEqual(expect.arrayContaining(codesInSources(name)));
  });

  it.each(PACKAGES)('has every code of @switchyard/%s in the union as well', (name) => {
    const file = `${ROOT}packages/${name}/src/error-codes.ts`;
    const union = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const listed = [...union.matchAll(/^ {2}readonly ([A-Z_]+): /gm)].map(([, code]) => code);
    expect(listed.toSorted()).toEqual(codesInSources(name).toSorted());
  });

  it('has parts for packages that exist', () => {
    for (const documented of page.values()) expect(PACKAGES).toContain(documented.package);
  });
});

function of(name: string, errors: Map<string, Documented>): Record<string, Documented> {
  return Object.fromEntries([...errors].filter(([, error]) => error.package === name));
}

/** Sections of the page by code. @throws where one lacks a line that every section has */
function sections(text: string): Map<string, Documented> {
  const found = new Map<string, Documented>();
  for (const part of text.split(/^# /m).slice(2)) {
    const name = part.slice(0, part.indexOf('\n')).trim().replace('@switchyard/', '');
    for (const section of part.split(/^## /m).slice(1)) {
      const heading = section.slice(0, section.indexOf('\n')).trim();
      expect(found.has(heading), `${heading} has two sections`).toBe(false);
      found.set(heading, { package: name, ...lines(heading, section) });
    }
  }
  return found;
}

function lines(heading: string, section: string): Omit<Documented, 'package'> {
  const value = (line: RegExp): string => {
    const match = line.exec(section)?.[1];
    expect(match, `section ${heading} has no line ${line}`).toBeDefined();
    return match as string;
  };
  value(/^Cause: (\S.*)$/m);
  value(/^Remedy: (\S.*)$/m);
  const retryable = value(/^retryable: (yes|no)$/m) === 'yes';
  return { class: value(/^class: `(\w+)`$/m), retryable };
}

/** Adds the error classes that a package exports, over all its subpaths. */
async function collect(name: string, code: Map<string, Documented>): Promise<void> {
  const manifest = readFileSync(`${ROOT}packages/${name}/package.json`, 'utf8');
  const { exports } = JSON.parse(manifest) as { exports: Record<string, { source?: string }> };
  for (const { source } of Object.values(exports)) {
    if (source === undefined) continue;
    const module = (await import(`${ROOT}packages/${name}/${source}`)) as Record<string, unknown>;
    for (const exported of Object.values(module).filter(isErrorClass)) {
      const entry = { package: name, class: exported.name, retryable: exported.retryable };
      const known = code.get(exported.code);
      // A package may hand on another's error; the package that the streets start from owns it.
      if (known === undefined) code.set(exported.code, entry);
      else expect(known, `${exported.code} is used twice`).toMatchObject({ class: entry.class });
    }
  }
}

function isErrorClass(value: unknown): value is typeof SwitchyardError {
  if (typeof value !== 'function' || value === SwitchyardError) return false;
  return value.prototype instanceof SwitchyardError && Object.hasOwn(value, 'code');
}

function codesInSources(name: string): string[] {
  const declared = /static override readonly code(?:: string)? = '([A-Z_]+)'/g;
  return sourcesOf(`${ROOT}packages/${name}/src`)
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(declared)])
    .map((match) => match[1] as string);
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => `${folder}/${path}`);
}
