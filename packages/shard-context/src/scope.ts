import { Activity, type Opener } from './activity.ts';
import { channels, type Escape } from './events.ts';
import { refuseUnknownRole, ShardContextMissingError } from './context-errors.ts';
import type { Frame, Place, Role } from './frame.ts';
import { bindResult } from './lazy-results.ts';
import { isThenable, whenSettled } from './settled.ts';
import { currentFrame, runInFrame } from './storage.ts';

/** The axes of a frame that a scope may set; it inherits the others. */
export interface Axes {
  readonly place?: Place;
  readonly role?: Role;
  readonly readOnly?: boolean;
  readonly locked?: boolean;
  readonly unfenced?: string | undefined;
}

/**
 * Opens a scope: `fn` runs in a new frame made of `axes` over `outer`. The scope is over when `fn`
 * has returned, or when the promise it returned has settled. A thenable that is not a promise
 * (a lazy query) is resolved inside the scope, because awaiting it outside would run it elsewhere;
 * generators and streams that it answers run in it step by step, and it is over when they have ended.
 * `independent`: transactions that are open outside do not belong to the scope.
 */
export function openScope<T>(
  outer: Frame | undefined,
  axes: Axes,
  fn: () => T,
  opener: Opener,
  independent = false,
): T {
  const activity = new Activity(outer?.activity, opener, independent);
  const frame = frameOf(outer, axes, activity);
  let result: T;
  try {
    result = runInFrame(frame, () => settleInside(fn()));
  } catch (error) {
    activity.closed = true;
    throw error;
  }
  const over = () => void (activity.closed = true);
  if (result instanceof Promise) {
    return whenSettled(result, (value) => bindResult(value, frame, over)) as T;
  }
  bindResult(result, frame, over);
  return result;
}

/** Field by field, because spreading two objects would be most of the cost of an entry. */
function frameOf(outer: Frame | undefined, axes: Axes, activity: Activity): Frame {
  return Object.freeze({
    place: axes.place ?? outer?.place,
    role: axes.role ?? outer?.role ?? 'writer',
    readOnly: axes.readOnly ?? outer?.readOnly ?? false,
    locked: axes.locked ?? outer?.locked ?? false,
    unfenced: 'unfenced' in axes ? axes.unfenced : outer?.unfenced,
    activity,
  });
}

/** A promise with its own `then` may begin its work in there, as every other thenable may. */
function settleInside<T>(result: T): T {
  if (!isThenable(result) || result.then === PROMISE_THEN) return result;
  return new Promise((resolve) => resolve(result)) as T;
}

const { then: PROMISE_THEN } = Promise.prototype;

/** Runs `fn` with reads going to `role`; the place stays. A transaction always uses its writer. */
export function onRole<T>(role: Role, fn: () => T): T {
  refuseUnknownRole(role);
  return openScope(currentFrame(), { role }, fn, onRole);
}

/** Runs `fn` where writes are refused. Only `writable` opens them again inside. */
export function readOnly<T>(fn: () => T): T {
  return openScope(currentFrame(), { readOnly: true }, fn, readOnly);
}

/** The named way out of `readOnly`. The reason is published on `switchyard:escape`. */
export function writable<T>(reason: string, fn: () => T): T {
  return escape('writable', reason, { readOnly: false }, fn, writable);
}

/** The named way out of a lock, for operators' routes. Published on `switchyard:escape`. */
export function unlocked<T>(reason: string, fn: () => T): T {
  return escape('unlocked', reason, { locked: false }, fn, unlocked);
}

/**
 * Lets `fn` write to entities that have a tenant key although the context names no tenant, so that
 * no fence protects the write. Published on `switchyard:escape`.
 */
export function unfenced<T>(reason: string, fn: () => T): T {
  return escape('unfenced', reason, { unfenced: reason }, fn, unfenced);
}

function escape<T>(
  name: Escape['escape'],
  reason: string,
  axes: Axes,
  fn: () => T,
  opener: (...args: never[]) => unknown,
): T {
  const outer = currentFrame();
  if (channels.escape.hasSubscribers) {
    channels.escape.publish({ escape: name, reason, place: outer?.place });
  }
  return openScope(outer, axes, fn, opener);
}

/**
 * Binds a callback to the context of the caller: for emitters, limiters, batchers and driver
 * callbacks, which run where Node runs them. Costs 0.1 µs a call (AsyncResource.bind costs 2-20).
 * @throws ShardContextMissingError when there is no context to bind to
 */
export function bindShard<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  const frame = currentFrame();
  if (frame?.place === undefined) throw new ShardContextMissingError('bind a callback (bindShard)');
  return function (this: unknown, ...args: A): R {
    const result = runInFrame(frame, () => fn.apply(this, args));
    bindResult(result, frame, () => undefined);
    return result;
  };
}
