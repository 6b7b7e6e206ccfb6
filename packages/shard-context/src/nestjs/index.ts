export { ShardContextModule, type ShardContextModuleOptions } from './shard-context-module.ts';
export { ShardExceptionFilter } from './shard-exception-filter.ts';
