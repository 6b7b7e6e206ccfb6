import type { ServerResponse } from 'node:http';
import { problemHeaders, type Problem } from './problem.ts';

/**
 * Settles when a response is over. Node emits `close` after the last byte was handed over and also
 * when the client went away, keep-alive connections included.
 */
export function responseOver(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once('close', () => resolve());
  });
}

/** Answers with a problem, unless an answer is already under way. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(problem.status, problemHeaders(problem));
  response.end(JSON.stringify(problem));
}
