import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { connectShardContext, problemOf, sendProblem, type ShardRequests } from '../http/index.ts';

/**
 * Express middleware: handlers that are registered after it run in the locked context of the
 * request's tenant, to the last byte of the response. It may stand before or after body parsers.
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
 * Express error handler: answers errors of Switchyard with a problem (503 where a retry may succeed,
 * 500 otherwise) and passes all other errors on. Register it after the routes.
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
