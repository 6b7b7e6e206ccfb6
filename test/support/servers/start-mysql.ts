import { dockerAnswers } from './docker.ts';
import { startMysqlContainer } from './mysql-container.ts';
import { chosenEngine } from './mysql-engine.ts';
import { startMysqlProgram } from './mysql-program.ts';
import type { MysqlServerOptions, PrivateMysqlServer } from './mysql-server.ts';

/**
 * Starts a MySQL-protocol server of its own: in Docker where an engine answers, else as a program
 * in a temporary folder (about half a second once an empty data folder stands in the cache). It
 * ends with this process at the latest. `root` has no password; tests may create other accounts.
 * @throws ServerUnavailableError where the engine cannot be had; Error where it does not start
 */
export async function startMysqlServer(
  options: MysqlServerOptions = {},
): Promise<PrivateMysqlServer> {
  const asked = {
    name: options.name ?? 'mysql',
    args: options.args ?? [],
    engine: options.engine ?? chosenEngine(),
    machineZone: options.machineZone ?? '',
  };
  return (await dockerAnswers()) ? startMysqlContainer(asked) : startMysqlProgram(asked);
}
