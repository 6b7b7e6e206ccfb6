import type { EventEmitter } from 'node:events';

/**
 * Passes an error to the listeners. It never throws, because its caller may be in the middle of a
 * COMMIT. Where there is no listener, or a listener throws, the error is printed, as BullMQ's queues do.
 */
export function tellError(emitter: EventEmitter, error: Error): void {
  try {
    emitter.emit('error', error);
  } catch (thrown) {
    console.error(thrown);
  }
}
