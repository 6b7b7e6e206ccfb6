import { runCli } from './run-cli.ts';

process.exitCode = await runCli(process.argv.slice(2));
// A config may keep pools and timers open; the command is over.
process.stdout.write('', () => process.exit());
