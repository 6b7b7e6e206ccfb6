import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { runCli, type LoadedConfig } from './index.ts';
import { UsageError } from './internal.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SHARED = ['config', 'json', 'verbose'];
const YARGS = ['help', 'version'];
const GROUPS = ['jobs', 'directory'];

describe('docs/cli.md', () => {
  const page = readFileSync(join(ROOT, 'docs/cli.md'), 'utf8');

  it('names every command, and no other', async () => {
    const named = rowsOf(page, 'command').flatMap(([names]) => codeIn(names!).map(wordsOf));
    expect(named.sort()).toEqual((await commandNames()).sort());
  });

  it('names every option, of the commands that have it', async () => {
    const named: Record<string, string[]> = {};
    for (const [options, of] of rowsOf(page, 'option')) {
      for (const option of codeIn(options!)) {
        const name = /^--([a-z-]+)/.exec(option)?.[1];
        if (name !== undefined) named[name] = of!.split(', ').sort();
      }
    }
    const real: Record<string, string[]> = Object.fromEntries(
      SHARED.map((name) => [name, ['all']]),
    );
    for (const command of (await commandNames()).sort()) {
      for (const option of await optionsOf(command)) {
        if (!SHARED.includes(option)) (real[option] ??= []).push(command);
      }
    }
    expect(named).toEqual(real);
  });

  it('names every event that --json prints, and no other', () => {
    const named = rowsOf(page, 'event').flatMap(([names]) => codeIn(names!));
    const sources = ['packages/cli/src', 'packages/migrator/src']
      .flatMap(filesIn)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => readFileSync(join(ROOT, path), 'utf8'));
    const printed = sources.flatMap((text) => [...text.matchAll(/\bevent: ('[a-z' |-]+')/g)]);
    const names = printed.flatMap(([, list]) => list!.split(' | ').map((one) => one.slice(1, -1)));
    expect(named.sort()).toEqual([...new Set(names)].sort());
  });
});

describe.each(filesToRead())('the command lines that %s names', (path) => {
  it('are taken by the command line', async () => {
    const refused: string[] = [];
    for (const line of commandLinesIn(readFileSync(join(ROOT, path), 'utf8'))) {
      const why = await refusalOf(line);
      if (why !== undefined) refused.push(`switchyard ${line}: ${why}`);
    }
    expect(refused).toEqual([]);
  });
});

/** Pages for readers, and sources: their messages name remedies. */
function filesToRead(): string[] {
  return ['README.md', 'ARCHITECTURE.md', 'docs', 'packages', 'examples']
    .flatMap((place) => (place.endsWith('.md') ? [place] : filesIn(place)))
    .filter((path) => /\.(md|ts)$/.test(path) && !/node_modules|dist\/|\.test\.ts$/.test(path))
    .filter((path) => commandLinesIn(readFileSync(join(ROOT, path), 'utf8')).length > 0)
    .sort();
}

function filesIn(folder: string): string[] {
  const paths = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return paths.map((path) => `${folder}/${path}`);
}

/** As code in a sentence or a message, or as a line to type; without what stands for a choice. */
function commandLinesIn(text: string): string[] {
  const inCode = [...text.matchAll(/`(?:npx )?switchyard ([^`\n]+?)\\?`/g)];
  const typed = [...text.matchAll(/^npx switchyard ([^#\n]+)/gm)];
  return [...inCode, ...typed]
    .map(([, line]) => line!.trim())
    .filter((line) => !/^<|\$\{/.test(line))
    .map((line) => line.replaceAll(/\[[^\]]*\]/g, '').replaceAll(/<([^>]*)>/g, '$1'));
}

/** Why the command line refuses it; undefined where it would run. A sentence may leave out whom. */
async function refusalOf(line: string): Promise<string | undefined> {
  const reached = new UsageError('test', 'it is understood', 'none');
  const config = {
    path: 'none',
    get config(): never {
      throw reached;
    },
  } satisfies LoadedConfig;
  const err = new Said();
  await runCli(line.split(/\s+/), { config, out: new Said(), err });
  if (err.text.includes('it is understood')) return undefined;
  return err.text.includes('Not enough non-option arguments') ? undefined : err.text;
}

class Said extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function commandNames(): Promise<string[]> {
  const lines = (await help()).matchAll(/^ {2}switchyard ([a-z-]+)/gm);
  const names = [...lines].map(([, name]) => name!);
  const inGroups = await Promise.all(GROUPS.map(commandsIn));
  return [...names.filter((name) => !GROUPS.includes(name)), ...inGroups.flat()];
}

/** Commands that are named by two words. */
async function commandsIn(group: string): Promise<string[]> {
  const lines = (await help(group)).matchAll(/^ {2}switchyard ([a-z]+ [a-z]+)/gm);
  return [...lines].map(([, name]) => name!);
}

async function optionsOf(command: string): Promise<string[]> {
  const text = await help(...command.split(' '));
  const names = [...text.matchAll(/--([a-z-]+)/g)].map(([, name]) => name!);
  return [...new Set(names)].filter((name) => !YARGS.includes(name));
}

/** What `--help` prints: yargs writes it to the console. */
async function help(...command: readonly string[]): Promise<string> {
  const printing = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await runCli([...command, '--help']);
  const text = printing.mock.calls.flat().join('\n');
  printing.mockRestore();
  return text;
}

/** The cells of the table whose head begins with that word. */
function rowsOf(page: string, head: string): string[][] {
  const table = page.split(/\n\n|\n## /).find((part) => part.includes(`| ${head} |`))!;
  const lines = table
    .slice(table.indexOf(`| ${head} |`))
    .split('\n')
    .slice(2);
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** `identify <shard> --yes` is `identify`. */
function wordsOf(code: string): string {
  return code.replace(/ [<[-].*$/, '');
}
