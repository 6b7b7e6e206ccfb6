import { runCli } from './run-cli.ts';

// A reader that goes away (`| head -1`) ends the output, not a rollout in the middle of a shard.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

process.exitCode = await runCli(process.argv.slice(2));
// A config may keep pools and timers open; the command is over.
process.stdout.write('', () => process.exit());
