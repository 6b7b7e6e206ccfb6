export { fastifyShardContext, fastifyShardErrors } from './fastify-adapter.ts';
