import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from './key-table.ts';

/** A print whose search begins where that of all others with the same `first` word begins. */
const print = (first: number, rest: number) => Int32Array.of(first, rest, rest ^ 7, ~rest);
/** Few places, one of them the last, so that entries crowd and run over the end of the table. */
const prints = fc
  .tuple(fc.constantFrom(0, 1, -1, -2, 2 ** 30), fc.integer({ min: 0, max: 12 }))
  .map(([first, rest]) => print(first, rest));
const steps = fc.array(fc.tuple(fc.constantFrom('set', 'set', 'delete'), prints, fc.nat()), {
  maxLength: 120,
});

function get(table: KeyTable<number>, key: Int32Array): number | undefined {
  const slot = table.find(key);
  return slot < 0 ? undefined : table.valueAt(slot);
}

describe('a bounded table of prints', () => {
  it('with room for all is a map, however its entries crowd and whichever are deleted', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const table = new KeyTable<number>(65);
        const model = new Map<string, readonly [Int32Array, number]>();
        for (const [step, key, value] of all) {
          if (step === 'set') {
            table.set(key, value, value + 0.5);
            model.set(String(key), [key, value]);
          } else {
            table.delete(key);
            model.delete(String(key));
            expect(table.find(key)).toBe(-1);
          }
          expect(table.size).toBe(model.size);
        }
        for (const [key, value] of model.values()) {
          const slot = table.find(key);
          expect(table.valueAt(slot)).toBe(value);
          expect(table.timeAt(slot)).toBe(value + 0.5);
        }
      }),
    );
  });

  it('never holds more than it may, never loses what was set last, and answers nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), steps, (most, all) => {
        const table = new KeyTable<number>(most);
        const model = new Map<string, number>();
        for (const [step, key, value] of all) {
          if (step === 'set') {
            table.set(key, value, 0);
            model.set(String(key), value);
            expect(get(table, key)).toBe(value);
          } else {
            table.delete(key);
            model.delete(String(key));
          }
          expect(table.size).toBeLessThanOrEqual(most);
          const found = get(table, key);
          if (found !== undefined) expect(found).toBe(model.get(String(key)));
        }
      }),
    );
  });

  it('pushes out what no one asks for, and keeps what is asked for', () => {
    const table = new KeyTable<number>(100);
    const scattered = (i: number) => print(Math.imul(i + 1, 0x9e3779b1), i);
    for (let i = 0; i < 100; i++) table.set(scattered(i), i, 0);
    for (let i = 100; i < 10_000; i++) {
      for (let hot = 0; hot < 10; hot++) expect(get(table, scattered(hot))).toBe(hot);
      table.set(scattered(i), i, 0);
    }
    expect(table.size).toBe(100);
  });

  it('pushes out one and no more, where all were asked for', () => {
    const table = new KeyTable<number>(10_000);
    const scattered = (i: number) => print(Math.imul(i + 1, 0x9e3779b1), i);
    for (let i = 0; i < 10_000; i++) table.set(scattered(i), i, 0);
    for (let i = 0; i < 10_000; i++) table.find(scattered(i));
    table.set(scattered(10_000), 10_000, 0);
    const kept = Array.from({ length: 10_000 }, (_, i) => table.find(scattered(i)) >= 0);
    expect(kept.filter((is) => !is)).toHaveLength(1);
    expect(table.size).toBe(10_000);
  });
});
