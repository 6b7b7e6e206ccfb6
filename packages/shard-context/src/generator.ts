import type { Frame } from './frame.ts';
import { runInFrame } from './storage.ts';

type Steps = Record<'next' | 'return' | 'throw', (value?: unknown) => unknown>;

/** True for a generator object: none of its code has run yet, and it runs where it is read. */
export function isGenerator(value: unknown): value is Generator | AsyncGenerator {
  if (typeof value !== 'object' || value === null) return false;
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'Generator' || tag === 'AsyncGenerator';
}

/** Makes each step of a generator run in `frame`, not where it is read. `over` is called at its end. */
export function bindGenerator<T>(generator: T, frame: Frame, over: () => void): T {
  const steps = generator as Steps;
  const noted = (step: unknown): unknown => {
    if ((step as { done?: boolean }).done === true) over();
    return step;
  };
  const failed = (error: unknown): never => {
    over();
    throw error;
  };
  for (const name of ['next', 'return', 'throw'] as const) {
    const take = steps[name] as ((value?: unknown) => unknown) | undefined;
    if (take === undefined) continue; // an iterator needs no more than next()
    const value = (...args: [unknown?]): unknown =>
      runInFrame(frame, () => {
        try {
          const step = take.apply(steps, args);
          return step instanceof Promise ? step.then(noted, failed) : noted(step);
        } catch (error) {
          return failed(error);
        }
      });
    Object.defineProperty(generator, name, { value, configurable: true });
  }
  return generator;
}
