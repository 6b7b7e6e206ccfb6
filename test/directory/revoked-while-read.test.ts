import { describe, expect, it } from 'vitest';
import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { smallFleet, KEY_HASH } from './fleet.ts';

describe('a key that is revoked while it is read', () => {
  it('is unknown at once in the process that revoked it', async () => {
    const store = new MemoryStore();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((open) => (release = open));
    const directory = new Directory({ store, topology: smallFleet(), keyHash: KEY_HASH });
    await directory.assign('t', { shard: 'us1' });
    const key = { kind: 'api-key', value: 'k' };
    await directory.addKey(key, 't');
    const findKeys = store.findKeys.bind(store);
    store.findKeys = async (...args) => {
      const found = await findKeys(...args); // the store has answered: the key is there
      await gate; // the answer is on its way
      return found;
    };
    const under = directory.locateKey(key).catch(() => undefined);
    await new Promise((done) => setTimeout(done, 20));
    expect(await directory.revokeKey(key)).toBe(true);
    release();
    await under;
    store.findKeys = findKeys;
    await expect(directory.locateKey(key)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
    await directory.close();
  });
});
