#!/usr/bin/env node
// Starts the command line: the built one where there is one, else (in this repository) the sources
// through tsx. Signals and the exit code pass through.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/main.js', import.meta.url);
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));

if (existsSync(built) && process.env['SWITCHYARD_FROM_SOURCE'] !== '1') await import(built.href);
else runSources();

function runSources() {
  const repository = fileURLToPath(new URL('../../../tsconfig.json', import.meta.url));
  const env = { ...process.env };
  // Decorators of entities need the compiler options of the repository, whatever the folder.
  if (existsSync(repository)) env['TSX_TSCONFIG_PATH'] ??= repository;
  const tsx = import.meta.resolve('tsx');
  const args = ['--conditions=source', '--import', tsx, source, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGKILL' ? 137 : 1);
  });
}
