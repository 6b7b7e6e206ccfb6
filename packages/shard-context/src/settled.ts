/** True for values that can be awaited: promises, and queries that begin when they are awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

/**
 * The promise, with `end` called before any other listener learns how it settled. It uses `then`,
 * because `finally` in an async function takes two promises, and every scope and job passes here.
 */
export function whenSettled<T>(promise: Promise<T>, end: (value?: T) => void): Promise<T> {
  return promise.then(
    (value) => {
      end(value);
      return value;
    },
    (error: unknown) => {
      end();
      throw error;
    },
  );
}
