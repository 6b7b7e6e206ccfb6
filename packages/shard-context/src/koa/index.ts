export { koaShardContext, koaShardErrors } from './koa-adapter.ts';
