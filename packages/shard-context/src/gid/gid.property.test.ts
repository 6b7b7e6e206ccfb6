import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSwitchyardError } from '../errors.ts';
import { formatGlobalId, globalId, GlobalIdSigner, parseGlobalId } from './index.ts';
import type { GlobalId } from './index.ts';

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
const id = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
  fc.uuid(),
  text.filter((part) => !/\p{Surrogate}/u.test(part)),
);
const anyValue: fc.Arbitrary<GlobalId> = fc.record(
  {
    fleet: name,
    model: fc.stringMatching(/^[A-Za-z_$][\w$]{0,12}$/),
    id: fc.array(id, { minLength: 1, maxLength: 4 }),
    shard: name,
    tenant: fc.option(id, { nil: undefined }),
  },
  { requiredKeys: ['fleet', 'model', 'id', 'shard'] },
);
const anyEpoch = fc.option(fc.integer({ min: 1 }), { nil: undefined });
const value = fc
  .tuple(anyValue, anyEpoch)
  .map(([base, epoch]) =>
    base.tenant === undefined ? globalId(base) : globalId({ ...base, epoch }),
  );
/** Texts that are nearly right find more than random ones. */
const nearly = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      value.map(formatGlobalId),
      fc.nat(),
      fc.nat(3),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    .map(([whole, at, cut, junk]) => {
      const i = at % (whole.length + 1);
      return whole.slice(0, i) + junk + whole.slice(i + cut);
    }),
);

describe('every global ID', () => {
  it('has one text, and every text that is accepted is the text of its value', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(parseGlobalId(formatGlobalId(one))).toEqual(one);
      }),
    );
    fc.assert(
      fc.property(nearly, (junk) => {
        try {
          expect(formatGlobalId(parseGlobalId(junk))).toBe(junk);
        } catch (error) {
          if (!isSwitchyardError(error)) throw error;
          expect(['GLOBAL_ID_INVALID', 'GLOBAL_ID_SHARD_MISSING']).toContain(error.code);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('verifies only as it was signed; anything else is one typed refusal', () => {
    const signer = new GlobalIdSigner({
      signing: { id: 'k', key: createSecretKey(randomBytes(32)) },
    });
    const signed = (one: GlobalId) => signer.sign(one, { purpose: 'p', expires: 'never' });
    fc.assert(
      fc.property(value, nearly, fc.nat(), (one, junk, at) => {
        const whole = signed(one);
        expect(signer.verify(whole, { purpose: 'p' })).toEqual(one);
        const i = at % whole.length;
        for (const other of [junk, whole.slice(0, i), whole.slice(0, i) + junk + whole.slice(i)]) {
          if (other === whole) continue;
          expect(() => signer.verify(other, { purpose: 'p' })).toThrow(
            expect.objectContaining({ code: 'GLOBAL_ID_SIGNATURE_INVALID' }),
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});
