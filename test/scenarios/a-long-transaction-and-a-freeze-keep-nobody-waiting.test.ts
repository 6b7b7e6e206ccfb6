import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ShardTenantTable } from '@switchyard/models';
import { Account } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

const WRITERS = 300;
const LONG_MS = 30_000;
const LONGEST_WAIT_MS = 2_000;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: ['us1'],
    entities: [Account],
    tenants: { us1: ['t_1'] },
    // As many as writers: what is measured is the wait for the lock, not that for a connection.
    server: { maxConnections: WRITERS + 10 },
  });
  await fleet.rows('us1', 'SET GLOBAL max_connections = 600');
});
afterAll(() => fleet?.stop());

it('300 writers, a transaction of 30 s and a freeze of one tenant: no one else waits over 2 s', async () => {
  const { topology, lockFile } = fleet;
  const table = new ShardTenantTable({ topology, lockFile });
  const long = fleet.onTenant('us1', 't_1', () => fleet.dataSource.createQueryRunner());
  await long.startTransaction();
  await long.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'long')");

  let running = true;
  let writes = 0;
  let longest = 0;
  const codes = new Set<string>();
  const write = async (writer: number) => {
    const insert = () =>
      fleet.dataSource
        .getRepository(Account)
        .insert({ tenantId: 't_1', email: `${writer}-${writes++}` });
    while (running) {
      const since = performance.now();
      try {
        await fleet.onTenant('us1', 't_1', insert);
        longest = Math.max(longest, performance.now() - since);
      } catch (error) {
        codes.add((error as { code?: string }).code ?? String(error));
        return;
      }
      await pause(500 + Math.random() * 1_000);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, i) => write(i));
  await expect.poll(() => writes, { timeout: 20_000 }).toBeGreaterThan(WRITERS);
  longest = 0; // the first ones opened 300 connections at once

  const freezing = table.freeze(
    { shard: 'us1', tenant: 't_1', fromEpoch: 1, toEpoch: 2, movingTo: 'us2', mover: 'm1' },
    { deadlineMs: LONG_MS + 20_000 },
  );
  await pause(LONG_MS);
  const longestBeside = longest;
  await long.commitTransaction();
  await long.release();
  expect((await freezing).state).toBe('frozen');
  await Promise.all(writers);
  running = false;
  await table.close();
  console.log(
    `${writes} writes of ${WRITERS} writers; the longest took ${Math.round(longestBeside)} ms`,
  );
  expect([...codes]).toEqual(['TENANT_FROZEN']);
  expect(longestBeside).toBeLessThan(LONGEST_WAIT_MS);
}, 120_000);
