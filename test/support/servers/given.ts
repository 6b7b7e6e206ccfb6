import { mysqlServerAt, parseMysqlUrl } from './mysql-address.ts';
import type { MysqlServer } from './mysql-server.ts';
import { redisServerAt, type RedisServer } from './redis-server.ts';

/** The servers of `SWITCHYARD_TEST_MYSQL_URLS` (comma between URLs), none where it is not set. */
export async function givenMysqlServers(): Promise<readonly MysqlServer[]> {
  const urls = (process.env['SWITCHYARD_TEST_MYSQL_URLS'] ?? '').split(',').map((u) => u.trim());
  return Promise.all(
    urls
      .filter((url) => url !== '')
      .map((url, i) => mysqlServerAt(`given${i + 1}`, parseMysqlUrl(url))),
  );
}

/** The server of `SWITCHYARD_TEST_REDIS_URL`, or undefined where it is not set. */
export async function givenRedisServer(): Promise<RedisServer | undefined> {
  const url = process.env['SWITCHYARD_TEST_REDIS_URL'];
  return url === undefined || url === '' ? undefined : redisServerAt('given-redis', url);
}
