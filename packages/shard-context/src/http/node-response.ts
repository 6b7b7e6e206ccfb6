import type { ServerResponse } from 'node:http';
import { problemHeaders, type Problem } from './problem.ts';

/**
 * Settles when the whole response was written to the connection, or the connection was closed: Node
 * emits `close` for both, on keep-alive connections too.
 */
export function responseClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (isClosed(response)) resolve();
    else response.once('close', () => resolve());
  });
}

/** A response of HTTP/2 has no `closed`; its stream has. */
function isClosed(response: ServerResponse): boolean {
  const { stream } = response as { stream?: { readonly closed: boolean } };
  return response.closed || stream?.closed === true;
}

/**
 * Settles when a response has ended, for hosts that do not tell when a route has settled. When a
 * client leaves before the first byte, the route goes on working on its answer: its scope ends when
 * it answers, although no client receives the answer. A stream that was cut has ended at once.
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
 * Removes the headers that a route set for its own body. Its `content-length` would cut the body of
 * the problem, and the client would read the rest as the next response of the connection.
 */
export function forgetBody(response: HeaderBearer): void {
  for (const name of OF_A_BODY) response.removeHeader(name);
}

/** Headers that describe the body that a route wanted to send. */
const OF_A_BODY = [
  'content-length',
  'content-encoding',
  'content-range',
  'content-disposition',
  'etag',
  'last-modified',
];

/** Answers with a problem, unless headers were already sent. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  forgetBody(response);
  response.writeHead(problem.status, problemHeaders(problem));
  response.end(JSON.stringify(problem));
}
