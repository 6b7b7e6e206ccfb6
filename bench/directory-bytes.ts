import { setTimeout as sleep } from 'node:timers/promises';
import { benchDirectory, KeyRing, madeUpStore, plainCache, warm } from './directory-cache.ts';

// A process of its own for each side: prints the bytes per key of a full cache.
const [side = 'ours', count = '1000000'] = process.argv.slice(2);
const keys = Number(count);
const ring = new KeyRing(keys);
const before = await settled();
const held = side === 'ours' ? await ours() : peer();
const after = await settled();
console.log(JSON.stringify({ bytes: (after - before) / keys, held: held !== undefined }));

async function ours() {
  const directory = benchDirectory(madeUpStore(), keys);
  await warm(directory, ring, keys);
  return directory;
}

function peer() {
  const cache = plainCache(keys);
  for (let i = 0; i < keys; i++) cache.fill(ring.fresh(i), i);
  return cache;
}

async function settled(): Promise<number> {
  const collect = globalThis.gc as () => void;
  for (let i = 0; i < 4; i++) {
    collect();
    await sleep(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
