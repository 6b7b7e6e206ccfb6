import { Sharded, withoutEntity } from '@switchyard/models';
import { channels, type Escape } from '@switchyard/shard-context';
import { ViewColumn, ViewEntity, type EntityManager } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account, Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** Updatable, and over the rows of all tenants. */
@Sharded({ tenant: 'none' })
@ViewEntity({ name: 'balance', expression: 'SELECT id, balance FROM account' })
class Balance {
  @ViewColumn() id!: string;
  @ViewColumn() balance!: number;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account, Currency, Balance],
    tenants: { us1: ['t_1', 't_2'], us2: ['t_1'] },
    sql: [
      "INSERT INTO account (id, tenantId, email) VALUES (1, 't_1', 'one'), (2, 't_2', 'two')",
      'CREATE TABLE plain (id INT PRIMARY KEY)',
    ],
  });
});
afterAll(() => fleet?.stop());

const other = () => `${fleet.topology.shard('us1').database}.account`;
type Work = (manager: EntityManager) => Promise<unknown>;

const WAYS: Record<string, Work> = {
  'an update': (m) => m.createQueryBuilder().update(other()).set({ balance: 9 }).execute(),
  'a delete': (m) => m.createQueryBuilder().delete().from(other()).execute(),
  'an insert': (m) =>
    m
      .createQueryBuilder()
      .insert()
      .into(other(), ['tenantId', 'email'])
      .values({ tenantId: 't_2', email: 'planted' })
      .execute(),
  'a select': (m) => m.createQueryBuilder().select('*').from(other(), 'a').getRawMany(),
  'a count without conditions': (m) =>
    m.createQueryBuilder().select('COUNT(*)').from(other(), 'a').getRawOne(),
  'a join': (m) =>
    m
      .createQueryBuilder(Currency, 'c')
      // of another database TypeORM takes it for a relation
      .leftJoin('plain', 'a', '1 = 1')
      .select('a.id')
      .getRawMany(),
  'a sub-query': (m) =>
    m
      .createQueryBuilder()
      .select('*')
      .from((qb) => qb.select('b.email', 'email').from(other(), 'b'), 'a')
      .getRawMany(),
  'a sub-query in a condition': (m) =>
    m
      .createQueryBuilder(Currency, 'c')
      .where((qb) => `EXISTS ${qb.subQuery().select('1').from(other(), 'b').getQuery()}`)
      .getMany(),
  'an update through a view': (m) =>
    m.createQueryBuilder().update(Balance).set({ balance: 9 }).execute(),
  'a delete through a view': (m) => m.getRepository(Balance).delete({ id: '2' }),
};

describe('a query builder for a tenant, over a table that is no entity', () => {
  it.each(Object.keys(WAYS))('%s is refused, and no row changes', async (way) => {
    const { manager } = fleet.dataSource;
    const work = WAYS[way] as Work;
    for (const run of [
      () => work(manager),
      () => fleet.dataSource.transaction(async (inside) => work(inside)),
    ]) {
      const refused = fleet.onTenant('us1', 't_1', async () => run());
      await expect(refused).rejects.toMatchObject({ code: 'TABLE_WITHOUT_ENTITY', shard: 'us1' });
    }
    expect(await fleet.rows('us1', 'SELECT email, balance FROM account ORDER BY id')).toEqual([
      { email: 'one', balance: 0 },
      { email: 'two', balance: 0 },
    ]);
  });

  it('runs where a reason is given, which is published', async () => {
    const heard: Escape[] = [];
    const listen = (message: unknown) => void heard.push(message as Escape);
    channels.escape.subscribe(listen);
    try {
      const builder = fleet.onTenant('us1', 't_1', () => {
        const made = fleet.dataSource.createQueryBuilder().select('p.id', 'id').from('plain', 'p');
        const joined = fleet.dataSource
          .createQueryBuilder(Currency, 'c')
          .leftJoin('plain', 'p', '1');
        return Promise.all([
          withoutEntity('a table of no one', made).getRawMany(),
          withoutEntity('a table of no one', joined).getManyAndCount(),
        ]);
      });
      expect(await builder).toEqual([[], [[], 0]]);
    } finally {
      channels.escape.unsubscribe(listen);
    }
    expect(heard).toHaveLength(2);
    expect(heard[0]).toMatchObject({ escape: 'withoutEntity', reason: 'a table of no one' });
  });

  it('runs for no tenant, and over entities, their sub-queries and common table expressions', async () => {
    const { dataSource } = fleet;
    expect(await fleet.onShard('us1', () => WAYS['a select']!(dataSource.manager))).toHaveLength(2);
    const mine = fleet.onTenant('us1', 't_1', () =>
      dataSource
        .createQueryBuilder()
        .addCommonTableExpression(
          dataSource.createQueryBuilder(Account, 'a').select('a.email', 'email'),
          'mine',
        )
        .select('m.email', 'email')
        .from('mine', 'm')
        .getRawMany(),
    );
    expect(await mine).toHaveLength(2);
  });
});
