import { defineTopology } from '@switchyard/shard-context';
import { expect, it } from 'vitest';
import { Directory } from '../directory.ts';
import { MemoryStore } from '../stores/memory.ts';

it('half a character names no key, whatever sign UTF-8 makes of it', async () => {
  const topology = defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers: [
      {
        name: 's',
        region: 'us',
        engine: 'mysql',
        writer: { host: 'db.invalid' },
        credentials: () => ({ user: 'u', password: 'p' }),
      },
    ],
    shards: [{ name: 'us1', ordinal: 1, server: 's', database: 'one' }],
  });
  const keyHash = { current: { id: 'h', secret: 'a secret of the unit tests' } };
  const store = new MemoryStore();
  const directory = new Directory({ store, topology, keyHash });
  await directory.assign('acme', { shard: 'us1' });
  await directory.addKey({ kind: 'user', value: 'x\ufffd' }, 'acme');
  const answers = ['x\ufffd', 'x\ud800', 'x\udfff'].map((value) =>
    directory.locateKey({ kind: 'user', value }).then(
      ({ tenant }) => tenant,
      ({ code }: { code: string }) => code,
    ),
  );
  expect(await Promise.all(answers)).toEqual(['acme', 'KEY_UNKNOWN', 'KEY_UNKNOWN']);
  const half = directory.addKey({ kind: 'user', value: 'x\ud800' }, 'acme');
  await expect(half).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
});
