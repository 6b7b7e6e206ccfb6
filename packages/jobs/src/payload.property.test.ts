import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSwitchyardError } from '@switchyard/shard-context';
import { packPayload, unpackPayload } from './payload.ts';

class Row {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

const nameRow = (value: object) => (value instanceof Row ? value.id : undefined);
const row = fc.string().map((id) => new Row(id));
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('$gid', '$json', '__proto__', 'constructor', 'toJSON'),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0));
const { payload } = fc.letrec<{ payload: unknown }>((tie) => ({
  payload: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.string(),
    number,
    row,
    fc.array(tie('payload'), { maxLength: 4 }),
    fc
      .array(fc.tuple(key, tie('payload')), { maxLength: 4 })
      .map((entries) => fromEntries(entries)),
  ),
}));

/** Object.fromEntries defines keys, so that `__proto__` is one of them. */
const fromEntries = (entries: [string, unknown][]): object => Object.fromEntries(entries) as object;

/** Through a queue and back: every slot gets a row with the text that travelled. */
function throughAQueue(value: unknown): unknown {
  const unpacked = unpackPayload(JSON.parse(JSON.stringify(packPayload(value, nameRow))));
  for (const slot of unpacked.slots) slot.put(new Row(slot.text));
  return unpacked.payload();
}

describe('every payload of plain JSON and records', () => {
  it('comes back unchanged, with any names of keys', () => {
    fc.assert(
      fc.property(payload, (value) => {
        deepStrictEqual(throughAQueue(value), value);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('anything else', () => {
  it('comes back as JSON would have it, or is refused with a path; nothing crashes', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withSparseArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          try {
            const plain: unknown = JSON.parse(JSON.stringify(packPayload(value, nameRow)));
            expect(unpackPayload(plain).payload()).toEqual(JSON.parse(JSON.stringify(value)));
          } catch (error) {
            if (!isSwitchyardError(error, 'JOB_PAYLOAD_REFUSED')) throw error;
            expect((error as { path?: string }).path).toMatch(/^payload/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
