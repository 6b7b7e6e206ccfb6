import { problemOfCollation } from '@switchyard/models';
import { TenantNames } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account, Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account, Currency],
    tenants: { us1: ['acme', 'ACME', 'acme '], us2: ['acme'] },
    sql: ["INSERT INTO account (id, tenantId, email) VALUES (1, 'acme', 'of@acme')"],
  });
});
afterAll(() => fleet?.stop());

const accounts = () => fleet.dataSource.getRepository(Account);

describe('a tenant whose name the table takes for that of another', () => {
  it.each(['ACME', 'acme ', 'ácme', 'Acme'])('%j is never entered', async (name) => {
    const work = async () => {
      await accounts().update({ id: '1' }, { balance: 9 });
      await accounts().delete({ id: '1' });
      return accounts().findBy({ tenantId: name });
    };
    const entered = (async () => fleet.onTenant('us1', name, work))();
    await expect(entered).rejects.toMatchObject({ code: 'TENANT_NAME_REFUSED' });
    for (const shard of ['us1', 'us2']) {
      const rows = await fleet.rows(shard, 'SELECT email, balance FROM account');
      expect(rows).toEqual([{ email: 'of@acme', balance: 0 }]);
    }
  });

  it('is stopped by the narrowest tenant column before a statement cuts its name', () => {
    expect(fleet.topology.tenantNames.allows('a'.repeat(63))).toBe(true);
    expect(fleet.topology.tenantNames.allows('a'.repeat(64))).toBe(false);
  });
});

describe('the collations of this server', () => {
  const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789._:-'];
  const PAIRS = LETTERS.flatMap((first) => LETTERS.map((second) => first + second));
  const NAMES = [...LETTERS, ...PAIRS, 'ccs', 'cscs', 'ddz', 'dzdz', 'ggy', 'gygy', 'lly', 'lyly'];

  it('that take two allowed names for one are all refused', { timeout: 120_000 }, async () => {
    const names = new TenantNames();
    const found = await fleet.rows(
      'us1',
      `SELECT COLLATION_NAME AS collation, CHARACTER_SET_NAME AS charset
       FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY`,
    );
    expect(found.length).toBeGreaterThan(200);
    await fleet.rows(
      'us1',
      'CREATE TABLE names (name VARCHAR(8) CHARACTER SET utf8mb4) ENGINE=InnoDB',
    );
    await fleet.rows('us1', 'INSERT INTO names VALUES ?', [NAMES.map((one) => [one])]);
    const merging: string[] = [];
    for (const { collation, charset } of found) {
      const kept = `CONVERT(name USING ${String(charset)}) COLLATE \`${String(collation)}\``;
      const [row] = await fleet.rows('us1', `SELECT COUNT(DISTINCT ${kept}) AS n FROM names`);
      if (row?.['n'] !== NAMES.length) merging.push(String(collation));
    }
    expect(merging.length).toBeGreaterThan(0);
    const allowed = merging.filter((one) => problemOfCollation(one, names) === undefined);
    expect(allowed).toEqual([]);
  });
});
