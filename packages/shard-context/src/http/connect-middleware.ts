import type { IncomingMessage, ServerResponse } from 'node:http';
import { enterRequest, type ShardRequests } from './enter-request.ts';
import { responseOver, sendProblem } from './node-response.ts';

/** Middleware of the kind that Connect began and that Express, Nest and middie call. */
export type ConnectMiddleware<Request> = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * The shard context as Connect-style middleware over Node's own request and response. Hosts with
 * an adapter of their own have better types there.
 */
export function connectShardContext<Request extends IncomingMessage>(
  requests: ShardRequests<Request>,
): ConnectMiddleware<Request> {
  return (request, response, next) => {
    void enterRequest<Request, void>(requests, request, {
      incoming: request,
      outgoing: response,
      fail: (error) => next(error),
      proceed: () => next(),
      refuse: (problem) => sendProblem(response, problem),
      over: () => responseOver(response),
    });
  };
}
