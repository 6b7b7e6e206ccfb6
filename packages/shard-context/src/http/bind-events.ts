import type { EventEmitter } from 'node:events';
import type { Frame } from '../frame.ts';
import { currentFrame, runInFrame } from '../storage.ts';

/** Emitters whose events happen in a frame of ours. */
const bound = new WeakMap<EventEmitter, { frame: Frame | undefined }>();

/**
 * Makes the events of a request or response happen in the current frame, or in none. Node emits them
 * where the connection came free: with pipelining that is in the context of the request before, and
 * whatever is piped into the response would go on at its place. Bound again, another frame counts.
 */
export function bindEvents(emitter: EventEmitter): void {
  const known = bound.get(emitter);
  if (known !== undefined) {
    known.frame = currentFrame();
    return;
  }
  const to = { frame: currentFrame() };
  bound.set(emitter, to);
  const { emit } = emitter;
  emitter.emit = function (this: EventEmitter, ...event: Parameters<typeof emit>): boolean {
    return runInFrame(to.frame, () => Reflect.apply(emit, this, event));
  };
}
