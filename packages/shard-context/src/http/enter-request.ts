import type { EventEmitter } from 'node:events';
import type { Locator, Placement, RoutingKey } from '../ports/locators.ts';
import { declaredShard } from '../declared-shard.ts';
import type { ShardContext } from '../shard-context.ts';
import { outsideContext } from '../storage.ts';
import { bindEvents } from './bind-events.ts';
import { problemOf, type Problem } from './problem.ts';
import { checkRoutingKey } from './routing-key.ts';

/** What every HTTP adapter is given. */
export interface ShardRequests<Request> {
  /** Key → place: the directory. */
  readonly locator: Locator;
  /** The way into the context, bound to the topology. */
  readonly context: ShardContext;
  /**
   * Where the routing key stands in a request. Undefined: the request has none and runs without a
   * context. What it throws is the host's, except errors of Switchyard.
   */
  readonly keyOf: (request: Request) => RoutingKey | undefined | Promise<RoutingKey | undefined>;
}

/** What a host does with a request: the only thing an adapter has to supply. */
export interface Host<T> {
  /** Goes on to the next middleware and the route. */
  readonly proceed: () => T;
  /** Answers with a problem instead. */
  readonly refuse: (problem: Problem) => T;
  /** Settles when the response is over: sent completely, or aborted. */
  readonly over: () => Promise<unknown>;
  /** Node's own request, where there is one: by it, adapters of several hosts see that it is one. */
  readonly incoming?: EventEmitter | undefined;
  /** Node's own response: its events happen where its request runs. */
  readonly outgoing?: EventEmitter | undefined;
  /**
   * Goes on with an error that is not Switchyard's, for hosts that take no promise. Always called
   * with an object: `next()` with less, or with a word such as `route`, goes on to the route.
   */
  readonly fail?: (error: object) => T;
}

/**
 * Looks up the place of a request and goes on inside its locked context, which covers the whole
 * response. No key: without a context. Unknown key, directory unavailable: refused with a problem,
 * and nothing of the route runs. Rejects with errors that are not Switchyard's, and with whatever
 * `proceed` throws.
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
 * Requests that an adapter has taken already. The first adapter starts outside every context, as a
 * server that was started inside one would hand it to all its requests; a further one on the same
 * request stays inside, so that the lock of the first holds. A request is known by Node's own object,
 * as each host, and each application that is mounted in another, makes one of its own.
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

/** The scope ends with the response, or with the route where that is the later one. */
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
