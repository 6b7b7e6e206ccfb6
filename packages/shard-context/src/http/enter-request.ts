import type { Locator, Placement, RoutingKey } from '../ports.ts';
import type { ShardContext } from '../shard-context.ts';
import { outsideContext } from '../storage.ts';
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
  if (entered.has(request)) return enter(requests, request, host);
  entered.add(request);
  return outsideContext(() => enter(requests, request, host));
}

/**
 * Requests that an adapter has taken already. The first adapter starts outside every context, as a
 * server that was started inside one would hand it to all its requests; a further one on the same
 * request stays inside, so that the lock of the first holds.
 */
const entered = new WeakSet<object>();

async function enter<Request, T>(
  requests: ShardRequests<Request>,
  request: Request,
  host: Host<T>,
): Promise<Awaited<T>> {
  let placement: Placement | undefined;
  try {
    placement = await locate(requests, request);
    if (placement !== undefined) requests.context.topology.shard(placement.shard);
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
