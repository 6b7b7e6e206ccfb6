import type { ServerResponse } from 'node:http';
import { problemHeaders, type Problem } from './problem.ts';

/**
 * Settles when the connection has taken the whole response or has gone away: Node emits `close` for
 * both, on keep-alive connections too.
 */
export function responseClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (isClosed(response)) resolve();
    else response.once('close', () => resolve());
  });
}

/** HTTP/2's has no `closed` of its own; its stream has. */
function isClosed(response: ServerResponse): boolean {
  const { stream } = response as { stream?: { readonly closed: boolean } };
  return response.closed || stream?.closed === true;
}

/**
 * Settles when a response is over, for hosts that do not tell when a route has settled. A client
 * that leaves before the first byte does not end the route: it still works on its answer, so its
 * scope ends when it answers (into the void). A stream that was cut is over at once.
 */
export async function responseOver(response: ServerResponse): Promise<void> {
  await responseClosed(response);
  if (!response.headersSent && !response.writableEnded) await answered(response);
}

function answered(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = response.end;
    response.end = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
      resolve();
      return Reflect.apply(end, this, args) as ServerResponse;
    };
  });
}

/** A response or reply of any host. */
export interface HeaderBearer {
  removeHeader(name: string): unknown;
}

/**
 * Takes back what a route said of its body. A length of it would cut a problem's, and what is cut
 * off would be read as the next response of the connection.
 */
export function forgetBody(response: HeaderBearer): void {
  for (const name of OF_A_BODY) response.removeHeader(name);
}

/** Headers that describe the body that a route meant to send. */
const OF_A_BODY = [
  'content-length',
  'content-encoding',
  'content-range',
  'content-disposition',
  'etag',
  'last-modified',
];

/** Answers with a problem, unless an answer is already under way. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  forgetBody(response);
  response.writeHead(problem.status, problemHeaders(problem));
  response.end(JSON.stringify(problem));
}
