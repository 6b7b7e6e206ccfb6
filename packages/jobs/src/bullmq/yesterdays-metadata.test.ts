import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { defineTopology, ShardContext } from '@switchyard/shard-context';
import { GlobalIdSigner } from '@switchyard/shard-context/gid';
import { readEnvelope, writeEnvelope, type JobSigning } from '../envelope.ts';
import { pack } from '../pack.ts';
import { unpackPayload } from '../payload.ts';
import { placedReferences } from '../records.ts';
import { readMetadata, writeMetadata } from './metadata.ts';

// These texts are in the queues of services that run a release of today. Never change them here: a
// release that reads one of them differently loses the jobs that wait while it is deployed.

/** The key of the signed texts: not secret, and it never changes. */
const key = createSecretKey(Buffer.alloc(32, 7));
const signing: JobSigning = { signer: new GlobalIdSigner({ signing: { id: 'k1', key } }) };

const place = { shard: 'us3', tenant: 't_5', epoch: 7 };
const telemetry = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const plainTexts = [
  { what: 'a tenant', text: 'switchyard:1:acme:us3:7:t_5', place, telemetry: undefined },
  {
    what: 'a tenant, and telemetry',
    text: '{"switchyard":{"v":1,"fleet":"acme","shard":"us3","tenant":"t_5","epoch":7},"telemetry":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
    place,
    telemetry,
  },
  {
    what: 'a tenant of no known epoch',
    text: 'switchyard:1:acme:us3::t_5',
    place: { shard: 'us3', tenant: 't_5' },
    telemetry: undefined,
  },
  {
    what: 'a shard and no tenant',
    text: 'switchyard:1:acme:us3',
    place: { shard: 'us3' },
    telemetry: undefined,
  },
  { what: 'no place', text: 'switchyard:1:acme', place: undefined, telemetry: undefined },
];

const signedTexts = [
  {
    what: 'a tenant',
    text: 'switchyard:2:acme:gid://acme/JobPlace/-?shard=us3&tenant=t_5&e=7&k=k1&sig=jAGTx1guvDGEoN4qlaRdaD_9sCrtg3Q7bsWlkM-rfbk',
    place,
    telemetry: undefined,
  },
  {
    what: 'a tenant, and telemetry',
    text: '{"switchyard":{"v":2,"fleet":"acme","place":"gid://acme/JobPlace/-?shard=us3&tenant=t_5&e=7&k=k1&sig=jAGTx1guvDGEoN4qlaRdaD_9sCrtg3Q7bsWlkM-rfbk"},"telemetry":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
    place,
    telemetry,
  },
  { what: 'no place', text: 'switchyard:2:acme', place: undefined, telemetry: undefined },
];

const everyText = [
  ...plainTexts.map((one) => ({ ...one, form: 'plain', keys: undefined })),
  ...signedTexts.map((one) => ({ ...one, form: 'signed', keys: signing })),
];

describe.each(everyText)('the $form text of a job of $what', ({ text, keys, ...one }) => {
  it('is read by this release as the place that its writer meant', () => {
    const metadata = readMetadata(text);
    expect(metadata.telemetry).toBe(one.telemetry);
    const read = readEnvelope(metadata.envelope, { signing: keys });
    expect(read).toMatchObject({ fleet: 'acme', isSigned: keys !== undefined });
    const { shard, tenant, epoch } = read.place ?? {};
    expect({ shard, tenant, epoch }).toEqual({ ...one.place });
  });

  it('is what this release writes as well, so that the one before can read it', () => {
    const envelope = writeEnvelope('acme', one.place, keys);
    expect(writeMetadata({ envelope, telemetry: one.telemetry })).toBe(text);
  });
});

describe('the signed record in a payload of today', () => {
  const text =
    'gid://acme/Account/9223372036854775807?shard=us3&tenant=t_5&e=7&k=k1&sig=pkOEO9rgeX9utGC4x2qcdcuM-bMoDXLHR3BdNmOOl7Q';
  const payload = { list: [{ $gid: text }], n: 5 };
  const account = { model: 'Account', id: ['9223372036854775807'], ...place };

  it('is verified with the key of that time, and names the record', () => {
    const { envelope } = readMetadata(signedTexts[0]!.text);
    const { slots } = unpackPayload(payload);
    const read = placedReferences(slots, readEnvelope(envelope, { signing }), { signing });
    expect(read.map(({ reference }) => reference)).toEqual([{ fleet: 'acme', ...account }]);
  });

  it('is what this release writes as well, so that the one before can read it', () => {
    const record = {};
    const records = {
      isRecord: (value: unknown): value is object => value === record,
      referenceOf: () => account,
    };
    const packed = pack({ payload: { list: [record], n: 5 }, records, context: acme(), signing });
    expect(packed.payload).toEqual(payload);
    expect(writeMetadata(packed)).toBe(signedTexts[0]!.text);
  });
});

function acme(): ShardContext {
  const writer = { host: 'localhost' };
  const credentials = () => ({ user: 'u', password: 'p' });
  return new ShardContext(
    defineTopology({
      fleet: 'acme',
      regions: ['us'],
      servers: [{ name: 's', region: 'us', engine: 'mariadb', writer, credentials }],
      shards: [{ name: 'us3', ordinal: 3, server: 's', database: 'us3' }],
    }),
  );
}
