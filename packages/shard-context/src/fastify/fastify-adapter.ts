import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  enterRequest,
  forgetBody,
  problemHeaders,
  problemOf,
  responseOver,
  type HeaderBearer,
  type Problem,
  type ShardRequests,
} from '../http/index.ts';
import { outsideContext } from '../storage.ts';

/**
 * Fastify plugin: every route registered beside or under it runs in the locked context of its
 * request's tenant, from `onRequest` to the last byte of the response. Hooks registered earlier
 * run before the look-up, without a context.
 *
 * ```ts
 * app.register(fastifyShardContext, { locator, context, keyOf });
 * app.setErrorHandler(fastifyShardErrors);
 * ```
 */
export function fastifyShardContext(
  app: FastifyInstance,
  requests: ShardRequests<FastifyRequest>,
  registered: (error?: Error) => void,
): void {
  // A callback hook: after an async hook the request would leave the context, because Fastify
  // attaches its own `then`.
  app.addHook('onRequest', (request, reply, done) => {
    void enterRequest<FastifyRequest, void>(requests, request, {
      incoming: request.raw,
      outgoing: reply.raw,
      fail: (error) => done(error as Error),
      proceed: () => done(),
      refuse: (problem) => void answer(reply, problem),
      over: () => responseOver(reply.raw),
    });
  });
  // The timers of a connection belong to the code that started the server.
  app.addHook('onTimeout', (_request, _reply, done) => outsideContext(done));
  registered();
}

// Without this, Fastify would run the hook for the plugin's own routes only. fastify-plugin sets
// the same symbol; that package is not needed for one symbol.
Object.assign(fastifyShardContext, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@switchyard/shard-context',
});

/**
 * Fastify error handler: answers errors of Switchyard with a problem (503 where a retry may succeed,
 * 500 otherwise) and leaves all other errors to Fastify.
 */
export function fastifyShardErrors(
  error: unknown,
  request: Pick<FastifyRequest, 'log'>,
  reply: ProblemReply,
): void {
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  request.log[problem.status < 500 ? 'info' : 'error']({ err: error }, problem.title);
  void answer(reply, problem);
}

/** The part of a reply that is used here; replies of HTTP/1 and of HTTP/2 servers have it. */
interface ProblemReply extends HeaderBearer {
  code(status: number): ProblemReply;
  headers(values: Record<string, string>): ProblemReply;
  send(body: string): unknown;
}

function answer(reply: ProblemReply, problem: Problem): unknown {
  forgetBody(reply);
  return reply.code(problem.status).headers(problemHeaders(problem)).send(JSON.stringify(problem));
}
