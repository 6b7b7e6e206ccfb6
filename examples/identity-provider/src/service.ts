import Fastify, { type FastifyInstance } from 'fastify';
import type { Directory } from '@switchyard/directory';
import { currentFrame, type ShardContext } from '@switchyard/shard-context';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { verifySession, type SessionRules } from './session-token.ts';
import { keyOf } from './tenants.ts';

/** What the service is made of. */
export interface ServiceParts {
  readonly directory: Directory;
  readonly context: ShardContext;
  readonly sessions: SessionRules;
}

/** A service whose requests run on the shard of their session's tenant. */
export async function buildService(parts: ServiceParts): Promise<FastifyInstance> {
  const { directory, context, sessions } = parts;
  const app = Fastify();
  app.setErrorHandler(fastifyShardErrors);
  await app.register(fastifyShardContext, {
    locator: directory,
    context,
    keyOf: ({ headers: { authorization } }) => {
      if (authorization === undefined) return undefined;
      return keyOf(verifySession(authorization.replace(/^Bearer /, ''), sessions));
    },
  });
  app.get('/me', async () => currentFrame()?.place ?? { shard: null });
  return app;
}
