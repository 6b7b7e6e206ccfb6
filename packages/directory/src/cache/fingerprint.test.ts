import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chaskeyOf, Fingerprints, nameOfPrint, printOfName } from './fingerprint.ts';

const words = (print: Int32Array) => Array.from(print, (word) => (word >>> 0).toString(16));
const nameOf = (prints: Fingerprints, kind: string, value: string) =>
  nameOfPrint(prints.of(kind, value));

describe('the name of a routing key in this process', () => {
  it('is Chaskey: the vectors of its authors come out', () => {
    const key = Int32Array.of(0x833d3433, 0x009f389f, 0x2398e64f, 0x417acf39);
    const message = (length: number) => String.fromCharCode(...Array.from({ length }, (_, i) => i));
    expect(words(chaskeyOf(key, message(0)))).toEqual([
      '792e8fe5',
      '75ce87aa',
      '2d1450b5',
      '1191970b',
    ]);
    expect(words(chaskeyOf(key, message(1)))).toEqual([
      '13a9307b',
      '50e62c89',
      '4577bd88',
      'c0bbdc18',
    ]);
  });

  it('is the same for the same kind and value, and another for any other', () => {
    const names = new Fingerprints();
    const text = fc.string({ unit: 'binary', maxLength: 70 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(nameOf(names, 'api-key', a)).toBe(nameOf(names, 'api-key', a));
        if (a !== b) expect(nameOf(names, 'api-key', a)).not.toBe(nameOf(names, 'api-key', b));
        expect(nameOf(names, 'api-key', a)).not.toBe(nameOf(names, 'session', a));
      }),
    );
  });

  it('tells values apart that differ in padding or in the width of their characters', () => {
    const names = new Fingerprints();
    const values = ['', '\x01', '\x01\0', 'a', 'a\x01', 'a\x01\0', 'a'.repeat(16), 'a'.repeat(17)];
    const wide = ['\u0100', '\0\x01', 'a\0', '\u6161', 'aa', 'a\u0100', 'b\u0100', 'b\u0200'];
    const all = [...values, ...wide].map((value) => nameOf(names, 'api-key', value));
    expect(new Set(all).size).toBe(all.length);
  });

  it('is another in another process, and holds nothing of the key', () => {
    const key = 'ak_live_0123456789abcdef';
    const name = nameOf(new Fingerprints(), 'api-key', key);
    expect(name).not.toBe(nameOf(new Fingerprints(), 'api-key', key));
    expect(name).toHaveLength(8);
    expect(nameOfPrint(printOfName(name))).toBe(name);
  });

  it('stays the same for a kind that was forgotten among too many others', () => {
    const names = new Fingerprints();
    const before = nameOf(names, 'api-key', 'k');
    for (let i = 0; i < 600; i++) nameOf(names, `kind-${i}`, 'k');
    expect(nameOf(names, 'api-key', 'k')).toBe(before);
  });
});
