import { describe, expect, it } from 'vitest';
import { packPayload, unpackPayload } from './payload.ts';

class Row {}
const row = new Row();
const nameRow = (value: object) => (value instanceof Row ? 'gid://a/Row/1?shard=s' : undefined);
const cycle: { self?: unknown } = {};
cycle.self = { inner: [cycle] };
const shared = { n: 1 };

class Money extends Array<number> {}

describe('a payload', () => {
  it.each<[string, unknown, string]>([
    ['payload', undefined, 'undefined'],
    ['payload.a[1]', { a: [1, undefined] }, 'undefined'],
    ['payload[1]', [1, , 2], 'undefined'],
    ['payload.n', { n: 10n }, 'a bigint'],
    ['payload.n', { n: Infinity }, 'Infinity'],
    ['payload.s', { s: Symbol('s') }, 'a symbol'],
    ['payload.toJSON', { toJSON: () => 1 }, 'a function'],
    ['payload["a-b"]', { 'a-b': new Set() }, 'a Set'],
    ['payload.at', { at: new Date(0) }, 'a Date'],
    ['payload.b', { b: Buffer.from('x') }, 'a Buffer'],
    ['payload.m', { m: Money.of(1) }, 'a Money, an array of a class of its own'],
    ['payload.e', { e: new TypeError('x') }, 'a TypeError'],
    ['payload.k', { k: { [Symbol('s')]: 1 } }, 'keyed by a symbol'],
    ['payload.self.inner[0]', cycle, 'part of itself'],
  ])('is refused at %s', (path, value, problem) => {
    expect(() => packPayload(value, nameRow)).toThrow(
      expect.objectContaining({
        code: 'JOB_PAYLOAD_REFUSED',
        path,
        message: expect.stringContaining(problem) as string,
      }),
    );
  });

  it('is refused where it is nested without end, before the stack overflows', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => packPayload(deep, nameRow)).toThrow(
      expect.objectContaining({ code: 'JOB_PAYLOAD_REFUSED' }),
    );
  });

  it('may hold one object twice', () => {
    expect(packPayload({ a: shared, b: [shared] }, nameRow)).toEqual({
      a: { n: 1 },
      b: [{ n: 1 }],
    });
  });

  it('leaves out undefined fields of an object, because they read the same on the other side', () => {
    expect(packPayload({ a: undefined, b: 1 }, nameRow)).toEqual({ b: 1 });
  });

  it('names a record where it stands, and says where that is', () => {
    const unpacked = unpackPayload(packPayload({ a: [{ b: row }], c: row }, nameRow));
    expect(unpacked.slots.map(({ path }) => path)).toEqual(['payload.a[0].b', 'payload.c']);
    for (const slot of unpacked.slots) slot.put(row);
    expect(unpacked.payload()).toEqual({ a: [{ b: row }], c: row });
  });

  it('may itself be a record', () => {
    const unpacked = unpackPayload(packPayload(row, nameRow));
    unpacked.slots[0]?.put(row);
    expect(unpacked.payload()).toBe(row);
  });
});
