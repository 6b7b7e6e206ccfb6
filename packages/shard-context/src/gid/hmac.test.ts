import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HmacSha256 } from './hmac.ts';

const keyOf = (bytes: Uint8Array) => createSecretKey(bytes);
const hmacOf = (key: string, text: string) =>
  Buffer.from(new HmacSha256(keyOf(Buffer.from(key, 'hex'))).digest(text), 'base64url').toString(
    'hex',
  );

describe('the authentication code of a text', () => {
  // RFC 4231, test cases 1, 2, 6 and 7: those whose data is text.
  it.each([
    [
      '0b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      Buffer.from('Jefe').toString('hex'),
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'aa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      'aa'.repeat(131),
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('is that of RFC 4231 with key %s', (key, text, code) => {
    expect(hmacOf(key, text)).toBe(code);
  });

  it("is node:crypto's for every key and text, also one after the other", () => {
    const key = fc.uint8Array({ minLength: 1, maxLength: 200 });
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme', minLength: 1_300, maxLength: 1_500, size: 'max' }),
    );
    fc.assert(
      fc.property(key, fc.array(text, { minLength: 1, maxLength: 4 }), (bytes, texts) => {
        const hmac = new HmacSha256(keyOf(bytes));
        for (const one of texts) {
          const theirs = createHmac('sha256', keyOf(bytes)).update(one).digest('base64url');
          expect(hmac.digest(one)).toBe(theirs);
        }
      }),
    );
  });
});
