export { expressShardContext, expressShardErrors } from './express-adapter.ts';
