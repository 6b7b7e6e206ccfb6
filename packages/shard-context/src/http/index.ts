export { bindReadable, bindWebStream } from './bind-body.ts';
export { connectShardContext, type ConnectMiddleware } from './connect-middleware.ts';
export { enterRequest, type Host, type ShardRequests } from './enter-request.ts';
export { responseClosed, responseOver, sendProblem } from './node-response.ts';
export {
  problemHeaders,
  problemOf,
  PROBLEM_MEDIA_TYPE,
  RETRY_AFTER_SECONDS,
  type Problem,
} from './problem.ts';
export { RoutingKeyMalformedError } from './routing-key.ts';
