export { connectTo } from './admin-connection.ts';
export { freshDatabase, type FreshDatabase } from './fresh-database.ts';
export { ServerUnavailableError } from './install.ts';
export { chosenEngine, type EngineName } from './mysql-engine.ts';
export { mongoServer, noMongoReason } from './mongo-of-run.ts';
export { startMongoServer, type MongoServer, type PrivateMongoServer } from './mongo-server.ts';
export type { MysqlServer, MysqlServerOptions, PrivateMysqlServer } from './mysql-server.ts';
export type { ServerControl } from './program.ts';
export {
  startRedisServer,
  type PrivateRedisServer,
  type RedisServer,
  type RedisServerOptions,
} from './redis-server.ts';
export { mysqlServers, redisServer } from './run-servers.ts';
export {
  startServers,
  withServers,
  type RunningServers,
  type WantedServers,
} from './start-servers.ts';
export { startMysqlServer } from './start-mysql.ts';
export { startTcpProxy, type TcpProxy, type TcpTarget } from './tcp-proxy.ts';
