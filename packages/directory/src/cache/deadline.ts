/**
 * Waits for a shared promise with a deadline of its own, whose error `onDeadline` makes; an abort
 * rejects with its own reason. The promise itself goes on for its other waiters.
 */
export function waitFor<T>(
  shared: Promise<T>,
  ms: number,
  signal: AbortSignal | undefined,
  onDeadline: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(onDeadline())), ms);
    const aborted = () => settle(() => reject(signal?.reason));
    const settle = (then: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      then();
    };
    if (signal?.aborted === true) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    shared.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
