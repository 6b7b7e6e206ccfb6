import { describe, expect, it } from 'vitest';
import { atEpoch, contents, fleet, setTenant, UNTOUCHED, WRITES } from './accounts-fleet.ts';

describe.each(Object.entries(WRITES))('%s', (_name, write) => {
  it('is done at the epoch of the shard', async () => {
    await atEpoch(5, write);
    expect(await contents()).not.toBe(UNTOUCHED);
  });

  it('is refused with STALE_ROUTE at another epoch, and nothing is written', async () => {
    await expect(atEpoch(4, write)).rejects.toMatchObject({ code: 'STALE_ROUTE' });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('is refused with TENANT_FROZEN while the tenant is switched', async () => {
    await setTenant('frozen', 6);
    await expect(atEpoch(5, write)).rejects.toMatchObject({ code: 'TENANT_FROZEN' });
    expect(await contents()).toBe(UNTOUCHED);
  });

  it('is refused with TENANT_NOT_ON_SHARD where the shard has no record of the tenant', async () => {
    await fleet.rows('us1', "DELETE FROM shard_tenant WHERE tenant = 't_1'");
    try {
      await expect(atEpoch(5, write)).rejects.toMatchObject({ code: 'TENANT_NOT_ON_SHARD' });
      expect(await contents()).toBe(UNTOUCHED);
    } finally {
      await fleet.admit('us1', 't_1', 5);
    }
  });
});
