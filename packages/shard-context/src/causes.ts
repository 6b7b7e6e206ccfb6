/** Who wraps errors wraps them once or twice. */
const MAX_DEPTH = 4;

/** An error, and what it names as its cause, from the outside in. */
export function* causesOf(error: unknown): Generator<object> {
  let cause = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof cause === 'object' && cause !== null; depth++) {
    yield cause;
    cause = (cause as { cause?: unknown }).cause;
  }
}
