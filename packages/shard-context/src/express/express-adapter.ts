import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { connectShardContext, problemOf, sendProblem, type ShardRequests } from '../http/index.ts';

/**
 * Express middleware: what is registered after it runs in the locked context of the request's
 * tenant, to the last byte of the response. Before or after body parsers alike.
 *
 * ```ts
 * app.use(expressShardContext({ locator, context, keyOf }));
 * app.use(routes);
 * app.use(expressShardErrors);
 * ```
 */
export function expressShardContext(requests: ShardRequests<Request>): RequestHandler {
  return connectShardContext(requests);
}

/**
 * Express error handler: tells errors of Switchyard as problems (503 for what may succeed later,
 * 500 for the rest) and hands all others on. Register it after the routes.
 */
export function expressShardErrors(
  error: unknown,
  _request: Request,
  response: Response,
  next: NextFunction,
): void {
  const problem = problemOf(error);
  if (problem === undefined || response.headersSent) next(error);
  else sendProblem(response, problem);
}
