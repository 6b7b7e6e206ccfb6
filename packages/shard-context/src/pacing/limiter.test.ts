import { describe, expect, it } from 'vitest';
import { Limiter } from './limiter.ts';

const WIDTHS: Record<string, number> = { all: 3, a: 1, b: 2 };

/** Runs work at named gates and keeps what runs; `end` lets the oldest of a name go. */
function stage() {
  const limiter = new Limiter((gate) => WIDTHS[gate] ?? 1);
  const running: { name: string; end: () => void }[] = [];
  const begin = (gate: string, name: string) =>
    limiter.run(['all', gate], () => {
      return new Promise<string>((resolve) => {
        running.push({ name, end: () => resolve(name) });
      });
    });
  const end = async (name: string) => {
    const at = running.findIndex((one) => one.name === name);
    running.splice(at, 1)[0]?.end();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begin, end, names: () => running.map(({ name }) => name) };
}

describe('a limiter', () => {
  it('begins work while all of its gates have room, and what waits at one holds up no other', async () => {
    const { begin, end, names } = stage();
    const all = ['a1', 'a2', 'b1', 'b2', 'b3'].map((name) => begin(name.charAt(0), name));
    expect(names()).toEqual(['a1', 'b1', 'b2']);
    await end('b1');
    expect(names()).toEqual(['a1', 'b2', 'b3']);
    await end('a1');
    expect(names()).toEqual(['b2', 'b3', 'a2']);
    for (const name of ['b2', 'b3', 'a2']) await end(name);
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1', 'b2', 'b3']);
  });

  it('goes on after work that fails, and gives its failure to its caller', async () => {
    const limiter = new Limiter(() => 1);
    const failed = limiter.run(['a'], () => Promise.reject(new RangeError('no')));
    const next = limiter.run(['a'], () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow(RangeError);
    expect(await next).toBe('next');
  });
});
