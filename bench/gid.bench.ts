import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  formatGlobalId,
  GlobalIdSigner,
  parseGlobalId,
  type GlobalId,
} from '@switchyard/shard-context/gid';
import { micro } from './micro.ts';
import { report } from './report.ts';

// What a global ID costs: reading and writing beside `new URL`, signing and verifying beside
// node:crypto alone on the same bytes. Goals: 0.25 of new URL, 1.35 of node:crypto.

const COUNT = 1024;
const purpose = 'bench';
const key = createSecretKey(randomBytes(32));
const signer = new GlobalIdSigner({ signing: { id: '2026', key } });

const texts = Array.from(
  { length: COUNT },
  (_, i) => `gid://acme/Account/${1e9 + i * 7919}?shard=us${i % 64}&tenant=t_${i}&e=${1 + (i % 9)}`,
);
const values = texts.map(parseGlobalId);
/** As a record's reference gives them: not checked, and never written before. */
const fresh = values.map((value) => ({ ...value }));
const signed = values.map((value) => signer.sign(value, { purpose, expiresInMs: 3_600_000 }));
const covered = signed.map((text) => `${purpose}\n${text.slice(0, text.lastIndexOf('&sig='))}`);
const signatures = signed.map((text) => text.slice(text.lastIndexOf('=') + 1));
const at = <T>(list: readonly T[], i: number): T => list[i & (COUNT - 1)] as T;

report(
  micro('gid', {
    row: 'parse',
    ours: (i) => parseGlobalId(at(texts, i)),
    peer: (i) => readByUrl(at(texts, i)),
  }),
);
report(
  micro('gid', {
    row: 'format',
    ours: (i) => formatGlobalId(at(fresh, i)),
    peer: (i) => writeByUrl(at(fresh, i)),
  }),
);
report(
  micro('gid', {
    row: 'sign',
    ours: (i) => signer.sign(at(values, i), { purpose, expiresInMs: 3_600_000 }),
    peer: (i) => hmac(at(covered, i)).digest('base64url'),
  }),
);
report(
  micro('gid', {
    row: 'verify',
    ours: (i) => signer.verify(at(signed, i), { purpose }),
    peer: (i) => {
      const given = Buffer.from(at(signatures, i), 'base64url');
      return timingSafeEqual(hmac(at(covered, i)).digest(), given);
    },
  }),
);

function hmac(text: string) {
  return createHmac('sha256', key).update(text);
}

/** The same six parts, as one would take them out of a URL. */
function readByUrl(text: string): GlobalId {
  const { host, pathname, searchParams } = new URL(text);
  const [, model = '', ...id] = pathname.split('/');
  return {
    fleet: host,
    model,
    id: id.map(decodeURIComponent),
    shard: searchParams.get('shard') ?? '',
    tenant: searchParams.get('tenant') ?? undefined,
    epoch: Number(searchParams.get('e')),
  };
}

function writeByUrl({ fleet, model, id, shard, tenant, epoch }: GlobalId): string {
  const url = new URL(`gid://${fleet}/${model}/${id.map(encodeURIComponent).join('/')}`);
  url.searchParams.set('shard', shard);
  if (tenant !== undefined) url.searchParams.set('tenant', tenant);
  if (epoch !== undefined) url.searchParams.set('e', String(epoch));
  return url.href;
}
