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
 * Hono middleware: middleware and routes that are added after it run in the locked context of the
 * request's tenant, to the last byte of the response, including streams that the server reads later.
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
 * Hono error handler: answers errors of Switchyard with a problem (503 where a retry may succeed, 500
 * otherwise) and throws all other errors again. Where the application has its own handler, call
 * `problemOf(error)` there instead.
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

/** Node's request and response, which mounted applications share. Undefined on other runtimes. */
function nodesOwn(hono: Context) {
  const { incoming, outgoing } = (hono.env ?? {}) as {
    incoming?: IncomingMessage;
    outgoing?: ServerResponse;
  };
  return { incoming, outgoing };
}

/** Settles when Node's connection has finished with the response. Never on other runtimes. */
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
