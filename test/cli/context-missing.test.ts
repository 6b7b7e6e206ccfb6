import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { runCli, type SwitchyardConfig } from '@switchyard/cli';
import { ContextMissingFile } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account, Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({ shards: ['us1'], entities: [Account, Currency] });
  folder = await mkdtemp(join(tmpdir(), 'switchyard-sites-'));
});
afterAll(async () => {
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('switchyard status, while the only shard is adopted', () => {
  it('prints the call sites that a service found without a context, each once', async () => {
    const path = join(folder, 'two-sites.jsonl');
    for (let start = 0; start < 2; start++) await serveWith(new ContextMissingFile(fileAt(path)));
    await appendFile(path, '{"callSite": "at half a li'); // a process killed while it wrote

    const lines = (await status(path)).split('\n');

    expect(lines).toContain('2 call sites without a context');
    expect(
      lines.filter((line) => /^ {2}Currency .*at forgetful .*context-missing/.test(line)),
    ).toHaveLength(1);
    expect(
      lines.filter((line) => /^ {2}Account .*at absentMinded .*context-missing/.test(line)),
    ).toHaveLength(1);
  });

  it('gives them with their stacks as events with --json', async () => {
    const path = join(folder, 'as-events.jsonl');
    await serveWith(new ContextMissingFile(fileAt(path)));

    const events = (await status(path, '--json')).trim().split('\n');

    const sites = events
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ event }) => event === 'context-missing');
    expect(sites.map(({ model }) => model)).toEqual(['Currency', 'Account']);
    for (const { stack, callSite } of sites) expect(stack).toContain(callSite);
  });

  it('says that there are none where nothing was reported', async () => {
    expect(await status(join(folder, 'none.jsonl'))).toContain('0 call sites without a context');
  });
});

/** A service that starts, forgets its context at two places, several times, and ends. */
async function serveWith(file: ContextMissingFile): Promise<void> {
  const dataSource = await fleet.open({ contextMissing: 'report' });
  const end = file.listen();
  const forgetful = async () => dataSource.getRepository(Currency).count();
  const absentMinded = async () => dataSource.getRepository(Account).count();
  for (let i = 0; i < 3; i++) {
    await forgetful();
    await absentMinded();
  }
  end();
}

async function status(path: string, ...options: string[]): Promise<string> {
  const { topology, lockFile } = fleet;
  const contextMissing = new ContextMissingFile(fileAt(path));
  const config: SwitchyardConfig = { topology, lockFile, migrations: [], contextMissing };
  const out = new PassThrough();
  let text = '';
  out.setEncoding('utf8').on('data', (part: string) => (text += part));
  await runCli(['status', ...options], { config: { path: 'switchyard.config.ts', config }, out });
  return text;
}

function fileAt(path: string): URL {
  return pathToFileURL(path);
}
