#!/usr/bin/env node
// Starts the command line: as published, the built one; in the repository the sources through tsx,
// because a dist there is as old as the last build. Signals and the exit code pass through.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/main.js', import.meta.url);
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const repository = fileURLToPath(new URL('../../../tsconfig.json', import.meta.url));

if (existsSync(repository) && process.env['SWITCHYARD_BUILT'] !== '1') runSources();
else await import(built.href);

function runSources() {
  // Decorators of entities need compiler options: the folder's own, else those of the repository.
  const options = existsSync('tsconfig.json') ? {} : { TSX_TSCONFIG_PATH: repository };
  const env = { ...options, ...process.env };
  const tsx = import.meta.resolve('tsx');
  const args = ['--conditions=source', '--import', tsx, source, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
