import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { randomBytes } from 'node:crypto';
import { getHeapSnapshot } from 'node:v8';
import { KEY_HASH, smallFleet } from './fleet.ts';

// Looks keys up that it keeps as bytes only, and prints which of them its heap still shows as text.

const bytes = {
  known: Buffer.from(`ak_${randomBytes(12).toString('hex')}`),
  unknown: Buffer.from(`ak_${randomBytes(12).toString('hex')}`),
  malformed: Buffer.from(`!!_${randomBytes(12).toString('hex')}`),
  unavailable: Buffer.from(`ak_${randomBytes(12).toString('hex')}`),
  control: Buffer.from(`ak_${randomBytes(12).toString('hex')}`),
};
const store = new MemoryStore();
const directory = new Directory({
  store,
  topology: smallFleet(),
  keyHash: KEY_HASH,
  kinds: { 'api-key': { pattern: /^ak_[0-9a-f]{24}$/ } },
  cache: { pollMs: 0, negativeAgeMs: 2_000 },
});
await directory.assign('t', { shard: 'us1' });
const keyOf = (name: keyof typeof bytes) => ({
  kind: 'api-key',
  value: bytes[name].toString('latin1'),
});
const errors: unknown[] = []; // kept, as a logger may
await directory.addKey(keyOf('known'), 't');
for (let i = 0; i < 3; i++) {
  await directory.locateKey(keyOf('known'));
  await directory.locateKey(keyOf('unknown')).catch((error: unknown) => errors.push(error));
  await directory.locateKey(keyOf('malformed')).catch((error: unknown) => errors.push(error));
}
store.findKeys = () => Promise.reject(new TypeError('stopped'));
await directory.locateKey(keyOf('unavailable')).catch((error: unknown) => errors.push(error));

const kept = { control: bytes.control.toString('latin1') };
await new Promise((resolve) => setTimeout(resolve, 50));
for (let i = 0; i < 3; i++) (globalThis.gc as () => void)();
const chunks: Buffer[] = [];
for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk as Uint8Array));
const heap = Buffer.concat(chunks);
const seen = Object.entries(bytes).filter(([, needle]) => heap.includes(needle));
console.log(
  JSON.stringify({
    seen: seen.map(([name]) => name),
    errors: errors.length,
    kept: kept.control.length,
    remembered: directory.health().entries,
  }),
);
