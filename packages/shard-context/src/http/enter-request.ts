import type { EventEmitter } from 'node:events';
import type { Locator, Placement, RoutingKey } from '../ports/locators.ts';
import { declaredShard } from '../declared-shard.ts';
import type { ShardContext } from '../shard-context.ts';
import { outsideContext } from '../storage.ts';
import { bindEvents } from './bind-events.ts';
import { problemOf, type Problem } from './problem.ts';
import { checkRoutingKey } from './routing-key.ts';

/** The parts that every HTTP adapter needs. */
export interface ShardRequests<Request> {
  /** Key → place: the directory. */
  readonly locator: Locator;
  /** The way into the context, bound to the topology. */
  readonly context: ShardContext;
  /**
   * Reads the routing key of a request. Undefined: the request has none and runs without a context.
   * The host handles its errors, except errors of Switchyard.
   */
  readonly keyOf: (request: Request) => RoutingKey | undefined | Promise<RoutingKey | undefined>;
}

/** The functions by which a host handles a request: the only part that an adapter supplies. */
export interface Host<T> {
  /** Goes on to the next middleware and the route. */
  readonly proceed: () => T;
  /** Answers with a problem instead. */
  readonly refuse: (problem: Problem) => T;
  /** Settles when the response was sent completely or was aborted. */
  readonly over: () => Promise<unknown>;
  /** Node's own request, where there is one: adapters of several hosts recognise it by this object. */
  readonly incoming?: EventEmitter | undefined;
  /** Node's own response: its listeners run in the context of the request. */
  readonly outgoing?: EventEmitter | undefined;
  /**
   * Passes on an error that is not Switchyard's, for hosts that take no promise. Always called with
   * an object, because `next()` without one, or with a word such as `route`, continues to the route.
   */
  readonly fail?: (error: object) => T;
}

/**
 * Looks up the place of a request and goes on inside its locked context, which covers the whole
 * response. A request without a key runs without a context. Where the key is unknown or the directory
 * is unavailable, the request is refused with a problem, and the route does not run. Rejects with
 * errors that are not Switchyard's, and with each error that `proceed` throws.
 */
export function enterRequest<Request extends object, T>(
  requests: ShardRequests<Request>,
  request: Request,
  host: Host<T>,
): Promise<Awaited<T>> {
  const known = host.incoming ?? request;
  if (entered.has(known)) return answered(requests, request, host);
  entered.add(known);
  return outsideContext(() => {
    if (host.incoming !== undefined) bindEvents(host.incoming);
    if (host.outgoing !== undefined) bindEvents(host.outgoing); // until its place is known
    return answered(requests, request, host);
  });
}

/**
 * Requests that an adapter has already entered. The first adapter starts outside every context,
 * because a server that was started in a context would pass it to all its requests. A further adapter
 * on the same request stays inside, so that the lock of the first holds. A request is recognised by
 * Node's own object, because each host and each mounted application makes its own request object.
 */
const entered = new WeakSet<object>();

function answered<Request extends object, T>(
  requests: ShardRequests<Request>,
  request: Request,
  host: Host<T>,
): Promise<Awaited<T>> {
  const answer = enter(requests, request, host);
  const { fail } = host;
  if (fail === undefined) return answer;
  return answer.catch(async (error: unknown): Promise<Awaited<T>> => {
    const isObject = typeof error === 'object' && error !== null;
    return await fail(isObject ? error : new TypeError(`keyOf failed with a ${typeof error}`));
  });
}

async function enter<Request, T>(
  requests: ShardRequests<Request>,
  request: Request,
  host: Host<T>,
): Promise<Awaited<T>> {
  let placement: Placement | undefined;
  try {
    placement = await locate(requests, request);
    if (placement !== undefined) {
      declaredShard(requests.context.topology, placement.shard, 'serve a request');
    }
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return await host.refuse(problem);
  }
  if (placement === undefined) return await host.proceed();
  return await proceedOn(requests.context, placement, host);
}

async function locate<Request>(
  { locator, keyOf }: ShardRequests<Request>,
  request: Request,
): Promise<Placement | undefined> {
  const key = await keyOf(request);
  if (key === undefined) return undefined;
  checkRoutingKey(key);
  return locator.locateKey(key);
}

/** The scope ends when both the response and the route have ended. */
function proceedOn<T>(context: ShardContext, placement: Placement, host: Host<T>): T {
  let result: { value: T } | undefined;
  const scope = context.onPlacement(
    placement,
    () => {
      if (host.outgoing !== undefined) bindEvents(host.outgoing);
      const over = host.over();
      const value = host.proceed();
      result = { value };
      return Promise.allSettled([value, over]);
    },
    { lock: true },
  );
  void scope;
  return (result as unknown as { value: T }).value;
}
