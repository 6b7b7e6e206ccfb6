import type { Readable } from 'node:stream';
import type { Frame } from './frame.ts';
import { bindGenerator, isGenerator } from './generator.ts';
import { runInFrame } from './storage.ts';

/**
 * Binds the lazy results of a scope to the scope: generators, streams and async iterables, as the
 * result itself or directly in an object or list. Unbound they would run where they are read, at the
 * reader's tenant. `over` is called when all of them have ended; at once where there are none.
 */
export function bindResult(result: unknown, frame: Frame, over: () => void): void {
  const lazy = lazyIn(result);
  let open = lazy.length;
  if (open === 0) return over();
  for (const one of lazy) {
    let ended = false;
    bindLazy(one, frame, () => {
      if (ended) return;
      ended = true;
      if (--open === 0) over();
    });
  }
}

type Method = (...args: unknown[]) => unknown;
type Lazy = Record<PropertyKey, unknown>;

function lazyIn(result: unknown): Lazy[] {
  if (typeof result !== 'object' || result === null) return [];
  if (isLazy(result)) return [result];
  if (Array.isArray(result)) return result.filter(isLazy);
  return Object.getPrototypeOf(result) === Object.prototype
    ? Object.values(result).filter(isLazy)
    : [];
}

/** Streams of Node and of the web are async iterables too. */
function isLazy(value: unknown): value is Lazy {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || isGenerator(value);
}

function bindLazy(lazy: Lazy, frame: Frame, over: () => void): void {
  if (isGenerator(lazy)) bindGenerator(lazy, frame, over);
  else if (typeof lazy['_read'] === 'function') bindStream(lazy as never, frame, over);
  else if (typeof lazy['getReader'] === 'function') bindWeb(lazy, frame, over);
  else replace(lazy, Symbol.asyncIterator, iteratorsOf(frame, over));
}

/**
 * Makes a stream produce its data in `frame`, also when it is read elsewhere. Hosts read a body after
 * the route has returned, outside its context, and generators run where they are read.
 */
export function bindReadable(body: Readable, frame: Frame): void {
  const read = body._read;
  body._read = function (this: Readable, size: number): void {
    runInFrame(frame, () => read.call(this, size));
  };
}

function bindStream(stream: Readable, frame: Frame, over: () => void): void {
  bindReadable(stream, frame);
  if (stream.destroyed) over();
  else stream.once('close', over);
}

/** All ways to read a web stream. */
function bindWeb(stream: Lazy, frame: Frame, over: () => void): void {
  replace(stream, 'getReader', (take) => {
    const reader = runInFrame(frame, take) as Lazy;
    for (const name of ['read', 'cancel']) replace(reader, name, stepsIn(frame, over));
    return reader;
  });
  for (const name of [Symbol.asyncIterator, 'values']) {
    replace(stream, name, iteratorsOf(frame, over));
  }
  for (const name of ['pipeTo', 'pipeThrough', 'tee', 'cancel']) {
    replace(stream, name, (take) => runInFrame(frame, take));
  }
}

type Around = (take: () => unknown) => unknown;

function iteratorsOf(frame: Frame, over: () => void): Around {
  return (take) => bindGenerator(runInFrame(frame, take), frame, over);
}

function stepsIn(frame: Frame, over: () => void): Around {
  return (take) =>
    runInFrame(frame, async () => {
      try {
        const step = await take();
        if ((step as { done?: boolean } | undefined)?.done !== false) over();
        return step;
      } catch (error) {
        over();
        throw error;
      }
    });
}

function replace(target: Lazy, name: PropertyKey, around: Around): void {
  const stock = target[name] as Method | undefined;
  if (stock === undefined) return;
  const value = (...args: unknown[]): unknown => around(() => stock.apply(target, args));
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
}
