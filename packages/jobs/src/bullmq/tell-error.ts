import type { EventEmitter } from 'node:events';

/**
 * Tells the listeners of an error, and throws nothing at whoever calls, who may be in the middle of
 * a COMMIT. Where nobody listens, or a listener throws, it is printed, as BullMQ's queues do.
 */
export function tellError(emitter: EventEmitter, error: Error): void {
  try {
    emitter.emit('error', error);
  } catch (thrown) {
    console.error(thrown);
  }
}
