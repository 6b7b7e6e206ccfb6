import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobEnvelope } from '../index.ts';
import { readEnvelope } from '../envelope.ts';
import { readMetadata, writeMetadata } from './metadata.ts';

/** Texts that could be taken for parts of the short form, and any other. */
const text = fc.oneof(
  fc.constantFrom('us1', 'a:b', ':', '', '5', 'us1:5:t_1', 'é', '"', '{', 'x\ny'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const epoch = fc.oneof(fc.integer({ min: 1 }), fc.constantFrom(0, -1, 1.5, 2 ** 53));
const envelopes = fc
  .record({
    v: fc.constantFrom(1, 2, 3),
    fleet: text,
    shard: optional(text),
    tenant: optional(text),
    epoch: optional(epoch),
  })
  .map(({ v, ...parts }) => {
    const { fleet, shard } = parts;
    const all = v === 2 ? { v, fleet, place: shard } : { v, ...parts };
    return Object.freeze(JSON.parse(JSON.stringify(all)) as JobEnvelope);
  });

describe('the text of a job’s metadata', () => {
  it('comes back as the envelope and the telemetry that were written, whatever they hold', () => {
    fc.assert(
      fc.property(envelopes, optional(text), (envelope, telemetry) => {
        // The second time both come from the cache.
        for (let turn = 0; turn < 2; turn++) {
          const read = readMetadata(writeMetadata({ envelope, telemetry }));
          expect(read.telemetry).toBe(telemetry);
          expect(read.envelope).toEqual(envelope);
        }
      }),
      {
        examples: [
          [{ v: 1, fleet: 'us1', epoch: 5 }, undefined], // an epoch without a tenant: no release writes it
          [{ v: 1, fleet: 'us1', shard: 'us1', epoch: 5 }, undefined],
        ],
      },
    );
  });

  it('is short, and has no quotes for JSON to escape, where there is no telemetry', () => {
    const place = { shard: 'us3', tenant: 't_5', epoch: 7 };
    const envelope = { v: 1, fleet: 'main', ...place };
    expect(writeMetadata({ envelope })).toBe('switchyard:1:main:us3:7:t_5');
  });

  it('is read in the long form as well, which has telemetry in it', () => {
    const envelope = { v: 1, fleet: 'main', shard: 'us3' };
    const written = JSON.stringify({ switchyard: envelope });
    expect(readMetadata(written)).toEqual({ envelope, telemetry: undefined });
  });

  it('of a newer release keeps its version, and the rest is not interpreted', () => {
    for (const newer of ['switchyard:3:main:us1:what:ever', 'switchyard:12{?', 'switchyard:4']) {
      expect(readMetadata(newer).envelope?.v).toBe(Number.parseInt(newer.slice(11)));
      expect(() => readEnvelope(readMetadata(newer).envelope)).toThrow(
        expect.objectContaining({ code: 'JOB_ENVELOPE_UNREADABLE', retryable: true }),
      );
    }
  });

  it('that Switchyard did not write is the user’s telemetry', () => {
    for (const own of ['00-4bf9-00f0-01', 'switchyard', 'switchyard:x', 'switchyard:1:main:us1:']) {
      expect(readMetadata(own)).toEqual({ telemetry: own });
    }
    expect(readMetadata(undefined)).toEqual({});
  });
});
