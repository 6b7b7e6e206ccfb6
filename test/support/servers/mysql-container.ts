import { ContainerServer } from './container.ts';
import { askMysql, mysqlServerAt } from './mysql-address.ts';
import type { MysqlServerOptions, PrivateMysqlServer } from './mysql-server.ts';
import { SMALL_SERVER } from './mysql-engine.ts';

const IMAGES = { mariadb: 'mariadb:10.11', mysql: 'mysql:9.7' };

/** {@link startMysqlServer} in Docker. */
export async function startMysqlContainer(
  asked: Required<MysqlServerOptions>,
): Promise<PrivateMysqlServer> {
  const image = IMAGES[asked.engine];
  const settings = SMALL_SERVER.filter((option) => !option.startsWith('--bind-address'));
  const server = await ContainerServer.start({
    label: image,
    image,
    port: 3306,
    env: {
      MYSQL_ALLOW_EMPTY_PASSWORD: 'yes',
      MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: 'yes',
      ...(asked.machineZone !== '' && { TZ: asked.machineZone }),
    },
    command: [...settings, ...asked.args],
    isReady: async (port) => (await askMysql({ port }, 'select 1 as one'))['one'] === 1,
  });
  return Object.assign(server, await mysqlServerAt(asked.name, { port: server.hostPort }));
}
