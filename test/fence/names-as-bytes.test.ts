import { ShardTenantTable } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account, Currency } from './account.ts';

// What the directory keeps apart is apart on the shard, whatever names a fleet allows.
const NAMES = ['acme', 'ACME', 'acme ', 'acmé', 'acme\u00A0'];

let fleet: Fleet;
let table: ShardTenantTable;
beforeAll(async () => {
  fleet = await startFleet({ entities: [Account, Currency] });
  table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});

describe('the record of a tenant on a shard', () => {
  it('is that of one name, byte for byte', async () => {
    for (const [i, name] of NAMES.entries()) await table.admit('us1', name, i + 1);
    for (const [i, name] of NAMES.entries()) {
      expect(await table.read('us1', name)).toMatchObject({ tenant: name, epoch: i + 1 });
    }
    expect(await fleet.rows('us1', 'SELECT COUNT(*) AS n FROM shard_tenant')).toEqual([{ n: 5 }]);
  });

  it('is frozen alone', async () => {
    const [fromEpoch, toEpoch] = [1, 9];
    await table.freeze({ shard: 'us1', tenant: 'acme', fromEpoch, toEpoch });
    for (const [i, name] of NAMES.slice(1).entries()) {
      expect(await table.read('us1', name)).toMatchObject({ state: 'active', epoch: i + 2 });
    }
  });

  it('is what the fence reads of a name with a space at its end', async () => {
    const begin = 'CALL switchyard_begin_v1(?, 0, ?)';
    await fleet.rows('us1', begin, ['acme ', 3]);
    await expect(fleet.rows('us1', begin, ['acme  ', 3])).rejects.toThrow(/missing/);
    await expect(fleet.rows('us1', begin, ['acme', 9])).rejects.toThrow(/frozen/);
  });
});
