export { bindReadable } from '../lazy-results.ts';
export { bindWebStream } from './bind-body.ts';
export { bindEvents } from './bind-events.ts';
export { connectShardContext, type ConnectMiddleware } from './connect-middleware.ts';
export { enterRequest, type Host, type ShardRequests } from './enter-request.ts';
export {
  forgetBody,
  responseClosed,
  responseOver,
  sendProblem,
  type HeaderBearer,
} from './node-response.ts';
export {
  problemHeaders,
  problemOf,
  PROBLEM_MEDIA_TYPE,
  RETRY_AFTER_SECONDS,
  type Problem,
} from './problem.ts';
export { headerValue, keyInHeader } from './routing-key.ts';
export type { RoutingKeyMalformedError } from '../routing-errors.ts';
