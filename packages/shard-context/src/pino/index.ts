export { shardMixin } from './shard-mixin.ts';
