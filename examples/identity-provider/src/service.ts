import Fastify, { type FastifyInstance } from 'fastify';
import { currentShard, currentTenant, type SwitchyardFleet } from '@switchyard/fleet';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import { verifySession, type SessionRules } from './session-token.ts';
import { keyOf } from './tenants.ts';

/** What the service is made of. */
export interface ServiceParts {
  readonly routing: SwitchyardFleet['routing'];
  readonly sessions: SessionRules;
}

/** A service whose requests run on the shard of their session's tenant. */
export async function buildService(parts: ServiceParts): Promise<FastifyInstance> {
  const { routing, sessions } = parts;
  const app = Fastify();
  app.setErrorHandler(fastifyShardErrors);
  await app.register(fastifyShardContext, {
    ...routing,
    keyOf: ({ headers: { authorization } }) => {
      if (authorization === undefined) return undefined;
      return keyOf(verifySession(authorization.replace(/^Bearer /, ''), sessions));
    },
  });
  app.get('/me', async () => ({ shard: currentShard(), tenant: currentTenant() }));
  return app;
}
