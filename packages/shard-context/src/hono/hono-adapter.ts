import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, MiddlewareHandler } from 'hono';
import {
  bindWebStream,
  enterRequest,
  problemHeaders,
  problemOf,
  responseClosed,
  type Problem,
  type ShardRequests,
} from '../http/index.ts';
import { currentFrame } from '../storage.ts';

/**
 * Hono middleware: what is used after it runs in the locked context of the request's tenant, to the
 * last byte of the response, streams that the server pulls later included.
 *
 * ```ts
 * app.use(honoShardContext({ locator, context, keyOf }));
 * app.onError(honoShardErrors);
 * ```
 */
export function honoShardContext(requests: ShardRequests<Context>): MiddlewareHandler {
  return async (hono, next) => {
    const body = signal();
    return enterRequest<Context, Promise<Response | undefined>>(requests, hono, {
      ...nodesOwn(hono),
      proceed: async () => {
        try {
          await next();
          bindBody(hono, body.settle);
        } catch (error) {
          body.settle();
          throw error;
        }
        return undefined;
      },
      refuse: (problem) => Promise.resolve(answer(problem)),
      over: () => Promise.race([body.settled, connectionClosed(hono)]),
    });
  };
}

/**
 * Hono error handler: tells errors of Switchyard as problems (503 for what may succeed later, 500
 * for the rest). All others it throws on; where the application has a handler of its own, ask
 * `problemOf(error)` in there instead.
 */
export function honoShardErrors(error: Error): Response {
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  return answer(problem);
}

function bindBody(hono: Context, ended: () => void): void {
  const frame = currentFrame();
  const { res } = hono;
  if (frame === undefined || res.body === null) return ended();
  const bound = new Response(bindWebStream(res.body, frame, ended), res);
  hono.res = undefined; // otherwise Hono merges the old headers into the new ones
  hono.res = bound;
}

/** Node's request and response, which mounted applications share; undefined on other runtimes. */
function nodesOwn(hono: Context) {
  const { incoming, outgoing } = (hono.env ?? {}) as {
    incoming?: IncomingMessage;
    outgoing?: ServerResponse;
  };
  return { incoming, outgoing };
}

/** Settles when Node's connection is done with the response; never on other runtimes. */
function connectionClosed(hono: Context): Promise<void> {
  const { outgoing } = (hono.env ?? {}) as { outgoing?: ServerResponse };
  return outgoing === undefined ? new Promise(() => undefined) : responseClosed(outgoing);
}

function signal(): { settled: Promise<void>; settle: () => void } {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  return { settled, settle: () => settle() };
}

function answer(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: problemHeaders(problem),
  });
}
