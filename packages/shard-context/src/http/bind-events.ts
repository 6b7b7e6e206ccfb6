import type { EventEmitter } from 'node:events';
import type { Frame } from '../frame.ts';
import { currentFrame, runInFrame } from '../storage.ts';

/** Emitters whose listeners run in a bound frame, with that frame. */
const bound = new WeakMap<EventEmitter, { frame: Frame | undefined }>();

/**
 * Makes the listeners of a request or response run in the current frame, or outside every context
 * where there is none. Node emits these events where the connection became free. With pipelining that
 * is the context of the previous request, and a stream that is piped into the response would go on at
 * that request's place. Where an emitter is bound again, the later frame counts.
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
