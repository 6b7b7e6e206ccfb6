import { originOf } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, Check, ENTITIES, Inquiry } from './house.ts';
import { startFleet } from '../support/fleet/index.ts';

const SHARDS = ['us1', 'us2', 'eu1'];
const TENANTS_PER_SHARD = 4;
const UNITS = 360;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: SHARDS,
    entities: ENTITIES,
    // Three connections for three shards of a server: every unit waits for another's connection.
    server: { maxConnections: 3 },
    tenants: Object.fromEntries(SHARDS.map((shard) => [shard, tenantsOf(shard)])),
  });
  for (const shard of SHARDS) {
    for (const [i, tenant] of tenantsOf(shard).entries()) {
      await fleet.rows(
        shard,
        'INSERT INTO account (id, tenantId, name, version) VALUES (?, ?, ?, 1)',
        [i + 1, tenant, `${shard} ${tenant}`],
      );
      await fleet.rows(
        shard,
        'INSERT INTO inquiry (id, tenantId, title, reviewerId) VALUES (?, ?, ?, ?)',
        [i + 1, tenant, `${shard} ${tenant}`, i + 1],
      );
    }
  }
});
afterAll(() => fleet?.stop());

function tenantsOf(shard: string): string[] {
  return Array.from({ length: TENANTS_PER_SHARD }, (_, i) => `${shard}_t${i + 1}`);
}

const repo = <T extends object>(entity: new () => T) => fleet.dataSource.getRepository<T>(entity);

/** What one unit of work saw that was not its own; empty when all was right. */
async function work(unit: number, shard: string, index: number): Promise<string[]> {
  const tenant = `${shard}_t${index + 1}`;
  const id = String(index + 1);
  const mine = `${shard} ${tenant}`;
  const strays: string[] = [];
  const expectMine = (what: string, seen: unknown) => {
    if (seen !== mine) strays.push(`${unit} ${what}: ${String(seen)} instead of ${mine}`);
  };
  await fleet.onTenant(shard, tenant, async () => {
    const account = await repo(Account).findOneByOrFail({ id });
    expectMine('find', account.name);
    expectMine('origin', `${originOf(account)?.shard} ${originOf(account)?.tenant}`);
    const inquiry = await repo(Inquiry).findOneByOrFail({ id });
    expectMine('lazy', (await inquiry.reviewer)?.name);
    const saved = await repo(Inquiry).save({ title: mine, checks: [{ kind: `${mine} ${unit}` }] });
    await fleet.dataSource.transaction(async (manager) => {
      await manager.save(Check, { kind: `${mine} ${unit}`, inquiry: saved });
      const [row] = await manager.query<{ name: string }[]>(
        'SELECT name FROM account WHERE id = ?',
        [id],
      );
      expectMine('raw in transaction', row?.name);
    });
    await repo(Account).update({ id }, { email: `${mine} ${unit}` });
    const stream = await repo(Account).createQueryBuilder('a').where('a.id = :id', { id }).stream();
    for await (const row of stream as AsyncIterable<{ a_name: string }>) {
      expectMine('stream', row.a_name);
    }
  });
  return strays;
}

describe('hundreds of units of work over three shards, on pools of three connections', () => {
  it('never read, write, relate or stream a row of another shard or tenant', async () => {
    const units = Array.from({ length: UNITS }, (_, unit) =>
      work(unit, SHARDS[unit % SHARDS.length] as string, Math.floor(unit / 3) % TENANTS_PER_SHARD),
    );
    expect((await Promise.all(units)).flat()).toEqual([]);
    for (const shard of SHARDS) {
      const strays = await fleet.rows(
        shard,
        "SELECT i.tenantId, c.kind FROM `check` c JOIN inquiry i ON i.id = c.inquiryId WHERE c.kind NOT LIKE CONCAT(?, ' ', i.tenantId, ' %')",
        [shard],
      );
      expect(strays).toEqual([]);
      const [counted] = await fleet.rows(shard, 'SELECT COUNT(*) n FROM `check`');
      expect(counted).toEqual({ n: (UNITS / SHARDS.length) * 2 });
      const foreign = await fleet.rows(
        shard,
        "SELECT email FROM account WHERE email NOT LIKE CONCAT(?, ' ', tenantId, ' %')",
        [shard],
      );
      expect(foreign).toEqual([]);
    }
  });
});
