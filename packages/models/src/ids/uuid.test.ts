import { describe, expect, it } from 'vitest';
import { UuidSource, uuidv7 } from './uuid.ts';

const FORMAT = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a UUID of version 7', () => {
  it('has its version, its variant and the time in its first 48 bits', () => {
    const id = new UuidSource(() => 0x0123456789ab).next();
    expect(id).toMatch(FORMAT);
    expect(id.startsWith('01234567-89ab-7')).toBe(true);
  });

  it('is greater than the one before, 20,000 times within one millisecond', () => {
    const source = new UuidSource(() => 1_800_000_000_000);
    const ids = Array.from({ length: 20_000 }, () => source.next());
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is greater than the one before when the clock is set back', () => {
    const times = [2000, 1000, 1500, 3000];
    const source = new UuidSource(() => times.shift() ?? 3000);
    const ids = Array.from({ length: 4 }, () => source.next());
    expect([...ids].sort()).toEqual(ids);
  });

  it('is unique over all ids of the process', () => {
    const ids = Array.from({ length: 1000 }, uuidv7);
    expect(new Set(ids).size).toBe(1000);
    expect(ids.every((id) => FORMAT.test(id))).toBe(true);
  });
});
