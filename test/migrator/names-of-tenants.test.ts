import { createPlanner, readAdoption, thisAuthor, type TenantSource } from '@switchyard/migrator';
import { connectToShard } from '@switchyard/mysql';
import type { Shard } from '@switchyard/shard-context';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Account } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startFleet({ shards: ['us1'], prepared: false });
  await fleet.rows('us1', 'CREATE TABLE migrations (id INT PRIMARY KEY, name VARCHAR(255))');
  await makeAccounts('');
});
afterEach(() => fleet?.stop());

async function makeAccounts(collation: string): Promise<void> {
  await fleet.rows('us1', 'DROP TABLE IF EXISTS account');
  await fleet.rows(
    'us1',
    `CREATE TABLE account (id BIGINT PRIMARY KEY AUTO_INCREMENT, tenantId VARCHAR(64) ${collation} NOT NULL)`,
  );
}

const insert = (...tenants: string[]) =>
  fleet.rows('us1', 'INSERT INTO account (tenantId) VALUES ?', [tenants.map((name) => [name])]);

function look(tenants: TenantSource) {
  const { topology, lockFile } = fleet;
  const openUnchecked = (shard: Shard) =>
    connectToShard(topology, shard.name, { identity: 'unchecked' });
  return readAdoption({
    ...{ topology, lockFile, openUnchecked, tenants, entities: [Account] },
    fleet: {
      ...{ topology, open: openUnchecked, author: thisAuthor(), policy: {}, migrations: [] },
      planner: createPlanner({}),
    },
  });
}

const FROM_TABLE: TenantSource = { kind: 'table', table: 'account', column: 'tenantId' };
const listed = (...tenants: string[]): TenantSource => ({ kind: 'list', tenants });
const refusal = async (source: TenantSource) => {
  const error = await look(source).catch((refused: unknown) => refused);
  expect(error).toMatchObject({ code: 'ADOPTION_REFUSED' });
  return (error as Error).message;
};

describe('a database with tenants, before it is adopted,', () => {
  it('is looked at, and its tenants are read byte for byte', async () => {
    await insert('acme', 'globex', 'acme');
    expect((await look(FROM_TABLE)).tenants).toEqual(['acme', 'globex']);
  });

  it('is refused with the names that the fleet does not allow, wherever they stand', async () => {
    await insert('acme', 'ACME', 'acme ');
    for (const source of [FROM_TABLE, listed('acme')]) {
      const message = await refusal(source);
      expect(message).toContain('ACME');
      expect(message).toContain('"acme "');
    }
    expect(await refusal(listed('x'.repeat(1_000_000)))).toMatch(/^.{1,500}$/);
  });

  it('is refused for a tenant column whose collation takes two allowed names for one', async () => {
    await makeAccounts('CHARACTER SET utf8mb4 COLLATE utf8mb4_lithuanian_ci');
    const message = await refusal(listed('ivy'));
    expect(message).toContain('account.tenantId');
    expect(message).toContain('utf8mb4_lithuanian_ci');
    expect(await fleet.rows('us1', 'SHOW TABLES')).toHaveLength(2);
  });
});
