export { honoShardContext, honoShardErrors } from './hono-adapter.ts';
