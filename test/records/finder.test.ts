import { originOf, RecordFinder } from '@switchyard/models';
import {
  ShardContext,
  type LocatedRecord,
  type Locator,
  type Placement,
  type RecordReference,
} from '@switchyard/shard-context';
import { DirectoryUnavailableError, TenantUnknownError } from '@switchyard/shard-context/internal';
import { restore } from '@switchyard/jobs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, Check, Counter, Country, refill, startHouse } from './house.ts';

let fleet: Fleet;
let finder: RecordFinder;
const statements: string[] = [];
const placements = new Map<string, Placement>();
const directory: Locator & { down: boolean } = {
  down: false,
  locateKey: () => Promise.reject(new DirectoryUnavailableError('not asked here')),
  locateTenant(tenant) {
    if (directory.down) return Promise.reject(new DirectoryUnavailableError('locate'));
    const placement = placements.get(tenant);
    return placement ? Promise.resolve(placement) : Promise.reject(new TenantUnknownError(tenant));
  },
};

beforeAll(async () => {
  const logger = {
    logQuery: (sql: string) => void statements.push(sql),
    logQueryError() {},
    logQuerySlow() {},
    logSchemaBuild() {},
    logMigration() {},
    log() {},
  };
  fleet = await startHouse({ dataSource: { logging: ['query'], logger } });
  finder = new RecordFinder(fleet.dataSource, directory);
});
beforeEach(async () => {
  await refill(fleet);
  await settle({ t_1: ['us1', 1], t_2: ['us1', 1], t_3: ['us2', 1] });
  directory.down = false;
  statements.length = 0;
});
afterAll(() => fleet?.stop());

/** Says, in the directory and on the shards, where tenants live. */
async function settle(homes: Record<string, [shard: string, epoch: number]>): Promise<void> {
  for (const shard of ['us1', 'us2']) await fleet.rows(shard, 'DELETE FROM shard_tenant');
  placements.clear();
  for (const [tenant, [shard, epoch]] of Object.entries(homes)) {
    placements.set(tenant, { tenant, shard, epoch, state: 'active' });
    await fleet.admit(shard, tenant, epoch);
  }
}

async function moveToUs2(tenant: string): Promise<void> {
  placements.set(tenant, { tenant, shard: 'us2', epoch: 2, state: 'active' });
  await fleet.rows(
    'us1',
    "UPDATE shard_tenant SET state = 'moved', epoch = 2, moved_to = 'us2' WHERE tenant = ?",
    [tenant],
  );
  await fleet.admit('us2', tenant, 2);
}

const ref = (id: string, part: Partial<RecordReference> = {}): RecordReference => ({
  model: 'Account',
  id: [id],
  shard: 'us1',
  ...part,
});
const names = (outcomes: LocatedRecord[]): unknown[] =>
  outcomes.map((one) => (one.outcome === 'found' ? (one.record as Account).name : one.outcome));
const locate = async (...references: RecordReference[]) =>
  names(await finder.locateMany(references));

describe('locateMany', () => {
  it('keeps order and duplicates, with one query per model and shard', async () => {
    const outcomes = await locate(
      ref('2', { tenant: 't_2', epoch: 1 }),
      ref('1', { shard: 'us2', tenant: 't_3', epoch: 1 }),
      ref('1', { tenant: 't_1', epoch: 1 }),
      ref('2', { tenant: 't_2', epoch: 1 }),
      ref('404', { tenant: 't_1', epoch: 1 }),
    );
    expect(outcomes).toEqual([
      'account of us1 t_2',
      'account of us2 t_3',
      'account of us1 t_1',
      'account of us1 t_2',
      'gone',
    ]);
    expect(statements.filter((sql) => sql.includes('FROM `account`'))).toHaveLength(2);
  });

  it('finds records of several models, each with its own id', async () => {
    const outcomes = await finder.locateMany([
      { model: 'Check', id: ['1'], shard: 'us1', tenant: 't_1' },
      ref('1', { tenant: 't_1' }),
      { model: 'Country', id: ['fr'], shard: 'us2' },
    ]);
    const records = outcomes.map((one) => (one.outcome === 'found' ? one.record : undefined));
    expect(records[0]).toBeInstanceOf(Check);
    expect(records[1]).toBeInstanceOf(Account);
    expect(records[2]).toMatchObject({ name: 'France of us2' });
  });

  it('finds soft-deleted rows only when asked', async () => {
    await fleet.rows('us1', 'UPDATE account SET deletedAt = NOW() WHERE id = 1');
    expect(await locate(ref('1', { tenant: 't_1' }))).toEqual(['gone']);
    const asked = await finder.locateMany([ref('1', { tenant: 't_1' })], { withDeleted: true });
    expect(names(asked)).toEqual(['account of us1 t_1']);
  });

  it('gives a record the place of today as its origin, so that it can be saved there', async () => {
    const [one] = await finder.locateMany([ref('1', { tenant: 't_1', epoch: 1 })]);
    const record = (one as { record: Account }).record;
    expect(originOf(record)).toEqual({ fleet: 'test', shard: 'us1', tenant: 't_1', epoch: 1 });
    record.name = 'saved';
    await fleet.onTenant('us1', 't_1', () => fleet.dataSource.manager.save(record));
  });

  it('works inside the locked context of the place, and is misrouted for another', async () => {
    const inside = await fleet.context.onPlacement(
      { shard: 'us1', tenant: 't_1', epoch: 1 },
      () =>
        finder.locateMany([ref('1', { tenant: 't_1' }), ref('1', { shard: 'us2', tenant: 't_3' })]),
      { lock: true },
    );
    expect(names(inside)).toEqual(['account of us1 t_1', 'misrouted']);
  });
});

describe('an ID with a tenant', () => {
  it('made before a move is found after it, on the new shard', async () => {
    await fleet.rows(
      'us2',
      "INSERT INTO account VALUES (4097, 't_1', 'moved along', NULL, 1, NULL)",
    );
    await moveToUs2('t_1');
    expect(await locate(ref('4097', { tenant: 't_1', epoch: 1 }))).toEqual(['moved along']);
  });

  it('is misrouted when the row is another tenant’s', async () => {
    expect(await locate(ref('2', { tenant: 't_1' }))).toEqual(['misrouted']);
  });

  it('is gone when the directory knows no such tenant, and unavailable when it is down', async () => {
    expect(await locate(ref('1', { tenant: 't_9' }))).toEqual(['gone']);
    directory.down = true;
    expect(await locate(ref('1', { tenant: 't_1' }))).toEqual(['unavailable']);
  });

  it('is misrouted when its id is local to the shard that the tenant left', async () => {
    await moveToUs2('t_1');
    const counter = { model: 'Counter', id: ['1'], shard: 'us1', tenant: 't_1' };
    expect(await locate(counter)).toEqual(['misrouted']);
  });
});

describe('an ID with a shard and no tenant', () => {
  it('is found where the shard’s own record says that the row’s tenant lives there', async () => {
    expect(await locate(ref('1'), ref('1', { shard: 'us2' }))).toEqual([
      'account of us1 t_1',
      'account of us2 t_3',
    ]);
  });

  it('follows a tenant that moved, instead of handing out the row that was left behind', async () => {
    await fleet.rows('us2', "UPDATE account SET tenantId = 't_1', name = 'current' WHERE id = 1");
    await moveToUs2('t_1');
    expect(await locate(ref('1'))).toEqual(['current']);
  });

  it('is followed for each of several equal references, whether they share an id or not', async () => {
    await fleet.rows('us2', "UPDATE account SET tenantId = 't_1', name = 'current' WHERE id = 1");
    await moveToUs2('t_1');
    const one = ref('1');
    expect(await locate(one, { ...one }, ref('1'), one)).toEqual(Array(4).fill('current'));
  });

  it('is looked for where tenants of the shard moved to, once the row was purged', async () => {
    await fleet.rows(
      'us2',
      "INSERT INTO account VALUES (4097, 't_1', 'purged here', NULL, 1, NULL)",
    );
    await moveToUs2('t_1');
    expect(await locate(ref('4097'))).toEqual(['purged here']);
  });

  it('is gone when it is nowhere, and for shard-local ids without a search', async () => {
    await moveToUs2('t_1');
    expect(await locate(ref('99999'))).toEqual(['gone']);
    const counter = { model: 'Counter', id: ['77'], shard: 'us1' };
    statements.length = 0;
    expect(await locate(counter)).toEqual(['gone']);
    expect(statements.filter((sql) => sql.includes('moved_to'))).toHaveLength(0);
  });

  it('is misrouted when the shard holds the row and no record of its tenant', async () => {
    await fleet.rows('us1', "DELETE FROM shard_tenant WHERE tenant = 't_1'");
    expect(await locate(ref('1'))).toEqual(['misrouted']);
  });

  it('is misrouted for an unknown model, or an id of another shape', async () => {
    expect(await locate(ref('1', { model: 'Nothing' }), ref('1', { id: ['1', '2'] }))).toEqual([
      'misrouted',
      'misrouted',
    ]);
  });

  it('is unavailable for a shard that only a newer release may declare', async () => {
    const [outcome] = await finder.locateMany([ref('1', { shard: 'us9' })]);
    expect(outcome).toMatchObject({
      outcome: 'unavailable',
      cause: { code: 'SHARD_NOT_DECLARED', retryable: true },
    });
  });
});

describe('a record whose shard refuses the query for what it is', () => {
  const counter = { model: 'Counter', id: ['1'], shard: 'us1', tenant: 't_1' };

  it.each([
    ['its table', 'ALTER TABLE counter RENAME TO away', 'ALTER TABLE away RENAME TO counter'],
    [
      'a column',
      'ALTER TABLE counter RENAME COLUMN tenantId TO away',
      'ALTER TABLE counter RENAME COLUMN away TO tenantId',
    ],
  ])('is unavailable until %s is there, and the shard has answered', async (_, hide, restore) => {
    await fleet.rows('us1', hide);
    const [refused, other] = await finder.locateMany([counter, ref('1', { tenant: 't_1' })]);
    await fleet.rows('us1', restore);
    const cause = { driverError: { sqlState: expect.stringMatching(/^42/) } };
    expect(refused).toMatchObject({ outcome: 'unavailable', answered: true, cause });
    expect(other).toMatchObject({ outcome: 'found' });
    expect(await finder.locate(counter)).toMatchObject({ outcome: 'found' });
  });
});

describe('the records of a tenant’s job', () => {
  /** What a job of t_1 is handed, that names a record without its tenant. */
  const seenOnUs1 = (model: string, id: string) =>
    handed(`gid://${fleet.dataSource.topology.fleet}/${model}/${id}?shard=us1`);
  /** What a job of t_1 is handed that was enqueued on us1. */
  const handed = (gid: string) => {
    const { topology } = fleet.dataSource;
    const envelope = { v: 1, fleet: topology.fleet, shard: 'us1', tenant: 't_1', epoch: 1 };
    const payload = { a: { $gid: gid } };
    const context = new ShardContext(topology);
    const options = { context, locator: directory, records: finder };
    return restore({ envelope, payload }, options, (data) => (data as { a: unknown }).a);
  };
  const misrouted = { code: 'JOB_RECORD_MISROUTED' };

  it('are its own, and no one’s: never a row of another tenant of its shard', async () => {
    expect(await seenOnUs1('Check', '1')).toMatchObject({ kind: 'check of us1 t_1' });
    expect(await seenOnUs1('Country', 'fr')).toMatchObject({ name: 'France of us1' });
    await expect(seenOnUs1('Check', '2')).rejects.toMatchObject(misrouted);
    await expect(seenOnUs1('Account', '2')).rejects.toMatchObject(misrouted);
  });

  it('are not taken for those of the same local ids on the shard that it has moved to', async () => {
    const { fleet: name } = fleet.dataSource.topology;
    const gid = `gid://${name}/Counter/1?shard=us1&tenant=t_1&e=1`;
    await fleet.rows('us2', "UPDATE counter SET tenantId = 't_1' WHERE id = 1");
    expect(await handed(gid)).toMatchObject({ id: 1, tenantId: 't_1' });
    await moveToUs2('t_1');
    await expect(handed(gid)).rejects.toMatchObject(misrouted);
  });

  it('are that after a move as well, of the job’s tenant or of the other', async () => {
    await moveToUs2('t_1');
    await expect(seenOnUs1('Check', '2')).rejects.toMatchObject(misrouted);
    await settle({ t_1: ['us1', 1], t_2: ['us1', 1], t_3: ['us2', 1] });
    await moveToUs2('t_2');
    await expect(seenOnUs1('Check', '2')).rejects.toMatchObject(misrouted);
    await expect(seenOnUs1('Account', '2')).rejects.toMatchObject(misrouted);
  });
});

describe('referenceOf', () => {
  it('names model, id, shard, tenant and epoch of a record', async () => {
    const account = await fleet.onTenant('us1', 't_1', () =>
      fleet.dataSource.manager.findOneByOrFail(Account, { id: '1' }),
    );
    const country = await fleet.onTenant('us1', 't_1', () =>
      fleet.dataSource.manager.findOneByOrFail(Country, { code: 'fr' }),
    );
    expect(finder.referenceOf(account)).toEqual(ref('1', { tenant: 't_1', epoch: 1 }));
    expect(finder.referenceOf(country)).toEqual({ model: 'Country', id: ['fr'], shard: 'us1' });
    expect(finder.isRecord(account)).toBe(true);
  });

  it('refuses what no data source loaded or saved: RECORD_UNKNOWN', () => {
    const made = fleet.dataSource.manager.create(Counter, { value: 1 });
    for (const object of [made, {}, new Date()]) {
      expect(() => finder.referenceOf(object)).toThrow(
        expect.objectContaining({ code: 'RECORD_UNKNOWN' }) as Error,
      );
    }
    expect([{}, null, 5, new Date()].map((value) => finder.isRecord(value))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
