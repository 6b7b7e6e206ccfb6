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
  // A callback hook, because an async one would go on outside: Fastify attaches its own `then`.
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
  // The clock of a connection belongs to whoever started the server.
  app.addHook('onTimeout', (_request, _reply, done) => outsideContext(done));
  registered();
}

// Without this Fastify would keep the hook to the plugin's own routes. It is what fastify-plugin
// sets; that package is not needed for one symbol.
Object.assign(fastifyShardContext, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@switchyard/shard-context',
});

/**
 * Fastify error handler: tells errors of Switchyard as problems (503 for what may succeed later,
 * 500 for the rest) and leaves all others to Fastify.
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

/** What of a reply is used here; those of HTTP/1 and HTTP/2 servers both have it. */
interface ProblemReply extends HeaderBearer {
  code(status: number): ProblemReply;
  headers(values: Record<string, string>): ProblemReply;
  send(body: string): unknown;
}

function answer(reply: ProblemReply, problem: Problem): unknown {
  forgetBody(reply);
  return reply.code(problem.status).headers(problemHeaders(problem)).send(JSON.stringify(problem));
}
