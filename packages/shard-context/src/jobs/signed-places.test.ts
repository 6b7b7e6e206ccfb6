import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { GlobalIdSigner } from '../gid/index.ts';
import { signPlace, verifyPlace } from './signed-places.ts';

const place = { fleet: 'acme', shard: 'us1', tenant: 't_1', epoch: 3 };

function signerAt(now: () => number): GlobalIdSigner {
  return new GlobalIdSigner({
    signing: { id: 'k', key: createSecretKey(randomBytes(32)) },
    now,
  });
}

const refused = expect.objectContaining({ code: 'GLOBAL_ID_SIGNATURE_INVALID' }) as Error;

test('gives one place one text, and reads it again and again', () => {
  const signer = signerAt(Date.now);
  const text = signPlace(signer, place);
  expect(signPlace(signer, { ...place })).toBe(text);
  expect(signPlace(signer, { ...place, epoch: 4 })).not.toBe(text);
  for (let i = 0; i < 2; i++) expect(verifyPlace(signer, text)).toMatchObject(place);
});

test('gives another text to each other place of the same name', () => {
  const signer = signerAt(Date.now);
  const places = [
    { shard: 'us1', tenant: 't_1', epoch: 3 },
    { shard: 'us2', tenant: 't_1', epoch: 3 },
    { shard: 'us1', tenant: 't_1', epoch: 4 },
    { shard: 'us1', tenant: 't_1', epoch: undefined },
    { shard: 't_1', tenant: undefined, epoch: undefined },
    { shard: 'us1', tenant: 'us1', epoch: undefined },
    { shard: 'us1', tenant: undefined, epoch: undefined },
  ];
  const fleets = ['acme', 'other'];
  for (let turn = 0; turn < 2; turn++) {
    for (const fleet of fleets) {
      for (const one of places) {
        expect(verifyPlace(signer, signPlace(signer, { fleet, ...one }))).toMatchObject({
          fleet,
          ...one,
        });
      }
    }
  }
  const texts = fleets.flatMap((fleet) =>
    places.map((one) => signPlace(signer, { fleet, ...one })),
  );
  expect(new Set(texts).size).toBe(fleets.length * places.length);
});

test('refuses an altered text and one of another signer after the genuine one was read', () => {
  const signer = signerAt(Date.now);
  const text = signPlace(signer, place);
  verifyPlace(signer, text);
  const altered = text.replace('us1', 'us2');
  for (let i = 0; i < 2; i++) expect(() => verifyPlace(signer, altered)).toThrow(refused);
  expect(() => verifyPlace(signerAt(Date.now), text)).toThrow(refused);
});

test('refuses a text that was signed for a while once that is over, though it was read before', () => {
  let now = 1_000_000;
  const signer = signerAt(() => now);
  const text = signer.sign(
    { ...place, model: 'JobPlace', id: ['-'] },
    { purpose: 'job-place', expiresInMs: 5_000 },
  );
  expect(verifyPlace(signer, text)).toMatchObject(place);
  now += 5_000;
  expect(() => verifyPlace(signer, text)).toThrow(refused);
});

test('gives sound texts to more places than it keeps', () => {
  const signer = signerAt(Date.now);
  for (let n = 0; n < 2_500; n++) {
    const text = signPlace(signer, { ...place, tenant: `t_${n}` });
    expect(verifyPlace(signer, text).tenant).toBe(`t_${n}`);
  }
});
