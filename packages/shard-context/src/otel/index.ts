export { shardAttributes } from './attributes.ts';
export { shardSpanProcessor, type ShardSpanProcessor } from './shard-span-processor.ts';
export { traceShards, type TraceShardsOptions } from './trace-shards.ts';
