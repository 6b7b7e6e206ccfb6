import { Readable } from 'node:stream';
import type { Context, Middleware, Next } from 'koa';
import {
  bindReadable,
  bindWebStream,
  enterRequest,
  forgetBody,
  problemHeaders,
  problemOf,
  responseClosed,
  type Problem,
  type ShardRequests,
} from '../http/index.ts';
import { currentFrame } from '../storage.ts';

/**
 * Koa middleware: middleware that is added after it runs in the locked context of the request's
 * tenant, to the last byte of the response. A body that is a stream produces its data there too,
 * although Koa reads it after all middleware has returned.
 *
 * ```ts
 * app.use(koaShardErrors);
 * app.use(koaShardContext({ locator, context, keyOf }));
 * ```
 */
export function koaShardContext(requests: ShardRequests<Context>): Middleware {
  return (koa, next) =>
    enterRequest<Context, unknown>(requests, koa, {
      incoming: koa.req,
      outgoing: koa.res,
      proceed: async () => {
        await next();
        bindBody(koa);
      },
      refuse: (problem) => Promise.resolve(answer(koa, problem)),
      over: () => responseClosed(koa.res),
    });
}

/**
 * Koa middleware: answers errors of Switchyard with a problem (503 where a retry may succeed, 500
 * otherwise) and throws all other errors again. Use it before the routes.
 */
export async function koaShardErrors(koa: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    answer(koa, problem);
  }
}

function bindBody(koa: Context): void {
  const frame = currentFrame();
  const body: unknown = koa.body;
  if (frame === undefined) return;
  const bound = (stream: ReadableStream) => bindWebStream(stream, frame, () => undefined);
  if (body instanceof Readable) bindReadable(body, frame);
  // Assigned only where needed, because Koa derives headers from each assignment.
  else if (body instanceof ReadableStream) koa.body = bound(body);
  else if (body instanceof Response && body.body !== null) {
    koa.body = new Response(bound(body.body), body);
  }
}

function answer(koa: Context, problem: Problem): void {
  forgetBody(koa.res);
  koa.status = problem.status;
  koa.set(problemHeaders(problem));
  koa.body = JSON.stringify(problem);
}
