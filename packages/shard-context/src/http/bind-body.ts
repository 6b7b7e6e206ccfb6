import type { Frame } from '../frame.ts';
import { runInFrame } from '../storage.ts';

/**
 * Wraps a web stream so that it produces its data in `frame`. `ended` is called when it was read to
 * its end, has failed or was cancelled.
 */
export function bindWebStream(
  body: ReadableStream<Uint8Array>,
  frame: Frame,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { done, value } = await runInFrame(frame, () => reader.read());
    if (!done) return controller.enqueue(value);
    controller.close();
    ended();
  };
  const cancel = (reason: unknown): Promise<void> => {
    ended();
    return runInFrame(frame, () => reader.cancel(reason));
  };
  const failing = (error: unknown): never => {
    ended();
    throw error;
  };
  // Nothing is read ahead: the reader behind has its own buffer.
  return new ReadableStream(
    { pull: (controller) => pull(controller).catch(failing), cancel },
    { highWaterMark: 0 },
  );
}
