import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GlobalIdSigner } from '@switchyard/shard-context/gid';
import { readEnvelope, writeEnvelope, type JobEnvelope, type JobSigning } from './envelope.ts';

const place = { shard: 'us1', tenant: 't_1', epoch: 3 };

function signingAt(now: () => number = Date.now): JobSigning {
  const key = createSecretKey(randomBytes(32));
  return { signer: new GlobalIdSigner({ signing: { id: 'k', key }, now }) };
}

/** As it comes from a queue that uses one frozen object for all jobs with the same text. */
const arrived = (envelope: JobEnvelope): JobEnvelope =>
  Object.freeze(JSON.parse(JSON.stringify(envelope)) as JobEnvelope);

const refused = expect.objectContaining({
  code: 'JOB_ENVELOPE_INVALID',
  cause: expect.objectContaining({ code: 'GLOBAL_ID_SIGNATURE_INVALID' }) as Error,
}) as Error;

describe.each([
  ['plain', undefined],
  ['signed', signingAt()],
])('a %s envelope', (_, signing) => {
  it('is the same for all jobs of a place, and is read again and again', () => {
    const envelope = writeEnvelope('acme', place, signing);
    expect(writeEnvelope('acme', { ...place }, signing)).toEqual(envelope);
    expect(writeEnvelope('acme', { ...place, epoch: 4 }, signing)).not.toEqual(envelope);
    const received = arrived(envelope);
    for (let i = 0; i < 2; i++) {
      expect(readEnvelope(received, { signing })).toMatchObject({ fleet: 'acme', place });
    }
  });

  it('does not change with the object that named the place', () => {
    const mine = { ...place };
    const envelope = writeEnvelope('acme', mine, signing);
    const before = JSON.stringify(envelope);
    mine.shard = 'us2';
    expect(writeEnvelope('acme', mine, signing)).not.toBe(envelope);
    expect(JSON.stringify(writeEnvelope('acme', place, signing))).toBe(before);
  });

  it('is another one for each other place of the same name', () => {
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
    const all = fleets.flatMap((fleet) => places.map((one) => ({ fleet, place: one })));
    for (let turn = 0; turn < 2; turn++) {
      for (const one of all) {
        const envelope = arrived(writeEnvelope(one.fleet, one.place, signing));
        expect(readEnvelope(envelope, { signing })).toMatchObject(one);
      }
    }
    const texts = all.map((one) => JSON.stringify(writeEnvelope(one.fleet, one.place, signing)));
    expect(new Set(texts).size).toBe(all.length);
  });

  it('names its place, also with more places than the cache keeps', () => {
    for (let n = 0; n < 10_000; n++) {
      const envelope = writeEnvelope('acme', { ...place, tenant: `t_${n}` }, signing);
      expect(readEnvelope(envelope, { signing }).place?.tenant).toBe(`t_${n}`);
    }
  });

  it('that may still change is read anew each time', () => {
    const envelope = { ...writeEnvelope('acme', place, signing) };
    expect(readEnvelope(envelope, { signing })).toMatchObject({ place });
    const moved = { ...place, shard: 'us2' };
    Object.assign(envelope, writeEnvelope('acme', moved, signing));
    expect(readEnvelope(envelope, { signing })).toMatchObject({ place: moved });
  });
});

describe('a signed envelope', () => {
  const signing = signingAt();

  it('is refused when altered, and by other keys, after the genuine one was read', () => {
    const envelope = arrived(writeEnvelope('acme', place, signing));
    readEnvelope(envelope, { signing });
    const altered = arrived({ ...envelope, place: envelope.place!.replace('us1', 'us2') });
    for (let i = 0; i < 2; i++) expect(() => readEnvelope(altered, { signing })).toThrow(refused);
    expect(() => readEnvelope(envelope, { signing: signingAt() })).toThrow(refused);
  });

  it('is not read without keys, nor a plain one where jobs are signed, after either was read', () => {
    const signed = arrived(writeEnvelope('acme', place, signing));
    const plain = arrived(writeEnvelope('acme', place));
    const either = { signing: { ...signing, acceptUnsigned: true } };
    for (const one of [signed, plain]) expect(readEnvelope(one, either)).toMatchObject({ place });
    expect(() => readEnvelope(signed)).toThrow(
      expect.objectContaining({ code: 'JOB_ENVELOPE_UNREADABLE' }),
    );
    expect(() => readEnvelope(plain, { signing })).toThrow(
      expect.objectContaining({ code: 'JOB_ENVELOPE_INVALID' }),
    );
  });

  it('that was signed for a while is refused once that is over, though it was read before', () => {
    let now = 1_000_000;
    const { signer } = signingAt(() => now);
    const id = { fleet: 'acme', ...place, model: 'JobPlace', id: ['-'] };
    const text = signer.sign(id, { purpose: 'job-place', expiresInMs: 5_000 });
    const envelope = arrived({ v: 2, fleet: 'acme', place: text });
    expect(readEnvelope(envelope, { signing: { signer } })).toMatchObject({ place });
    now += 5_000;
    expect(() => readEnvelope(envelope, { signing: { signer } })).toThrow(refused);
  });

  it('is refused where another record was signed for the purpose of places', () => {
    const { signer } = signing;
    const id = { fleet: 'acme', ...place, model: 'Doc', id: ['7'] };
    const text = signer.sign(id, { purpose: 'job-place', expires: 'never' });
    expect(() => readEnvelope({ v: 2, fleet: 'acme', place: text }, { signing })).toThrow(
      expect.objectContaining({ code: 'JOB_ENVELOPE_INVALID' }),
    );
  });

  it('takes its fleet from the signed text, not from the field beside it', () => {
    const envelope = arrived({ ...writeEnvelope('acme', place, signing), fleet: 'other' });
    expect(readEnvelope(envelope, { signing }).fleet).toBe('acme');
  });
});

it.each([
  undefined,
  null,
  5,
  'text',
  {},
  { v: 1 },
  { v: 1, fleet: 'acme', shard: 5 },
  { v: 1, fleet: 'acme', epoch: 3 },
  { v: 1, fleet: 'acme', shard: 'us1', epoch: 3 },
  { v: 1, fleet: 'acme', tenant: 't_1', epoch: 3 },
  { v: 1, fleet: 'acme', shard: 'us1', place: 5, tenant: 7 },
  { v: 2, fleet: 'acme', place: 5 },
])('what is no envelope is refused as one: %j', (value) => {
  const { signer } = signingAt();
  const signing = { signer, acceptUnsigned: true };
  const frozen = Object.freeze(value) as unknown;
  expect(() => readEnvelope(frozen, { signing })).toThrow(
    expect.objectContaining({ code: 'JOB_ENVELOPE_INVALID' }),
  );
});
