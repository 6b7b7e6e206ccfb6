import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { EntityManager, Logger, Repository } from 'typeorm';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account, Currency } from './account.ts';

/** The fleet of the test file. */
export let fleet: Fleet;
/** Statements sent since the test began. */
export let sent: string[] = [];

const logger: Logger = {
  logQuery: (sql) => void sent.push(sql),
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account, Currency],
    tenants: { us1: ['t_1', 't_2'], us2: ['t_1'] },
    dataSource: { logger },
    sql: [
      'CREATE PROCEDURE commits_inside() BEGIN UPDATE account SET balance = 99; COMMIT; END',
      'CREATE PROCEDURE updates_inside() UPDATE account SET balance = 7',
    ],
  });
});
afterAll(() => fleet?.stop());
beforeEach(async () => {
  await fleet.rows('us1', 'DELETE FROM account');
  await setTenant('active', 5);
  await fleet.rows(
    'us1',
    "INSERT INTO account (id, tenantId, email) VALUES (1, 't_1', 'one@t_1'), (2, 't_1', 'two@t_1')",
  );
  sent = [];
});
afterEach(() => setTenant('active', 5));

export const accounts = (): Repository<Account> => fleet.dataSource.getRepository(Account);
export const atEpoch = <T>(epoch: number, fn: () => T): T =>
  fleet.onTenant('us1', 't_1', fn, epoch);
export const row = (email: string) => ({ tenantId: 't_1', email });

export async function setTenant(state: string, epoch: number, movedTo: string | null = null) {
  await fleet.rows(
    'us1',
    'UPDATE shard_tenant SET state = ?, epoch = ?, moved_to = ? WHERE tenant = ?',
    [state, epoch, movedTo, 't_1'],
  );
}

export async function contents(): Promise<string> {
  const rows = await fleet.rows('us1', 'SELECT id, email, balance FROM account ORDER BY id');
  return JSON.stringify(rows);
}

export const UNTOUCHED = JSON.stringify([
  { id: 1, email: 'one@t_1', balance: 0 },
  { id: 2, email: 'two@t_1', balance: 0 },
]);

const inTransaction =
  (work: (manager: EntityManager) => Promise<unknown>) => (): Promise<unknown> =>
    fleet.dataSource.transaction(work);

/** Every way of writing that TypeORM has, each of them once. */
export const WRITES: Record<string, () => Promise<unknown>> = {
  insert: () => accounts().insert(row('new@t_1')),
  'a bulk insert': () => accounts().insert([row('a@t_1'), row('b@t_1'), row('c@t_1')]),
  'save of a new row': () => accounts().save(row('new@t_1')),
  'save of a changed row': async () => {
    const account = await accounts().findOneByOrFail({ id: '1' });
    account.balance = 1;
    await accounts().save(account);
  },
  update: () => accounts().update({ id: '1' }, { balance: 1 }),
  increment: () => accounts().increment({ id: '1' }, 'balance', 1),
  delete: () => accounts().delete({ id: '1' }),
  remove: async () => accounts().remove(await accounts().findOneByOrFail({ id: '1' })),
  upsert: () => accounts().upsert({ ...row('one@t_1'), balance: 3 }, ['email']),
  'a query builder update': () =>
    accounts().createQueryBuilder().update().set({ balance: 1 }).where('id = 1').execute(),
  'a query builder delete': () =>
    accounts().createQueryBuilder().delete().where('id = 1').execute(),
  'a raw update': () => fleet.dataSource.query('UPDATE account SET balance = 1'),
  'a raw update behind a comment': () =>
    fleet.dataSource.query('/* SELECT */ -- read\n update account SET balance = 1'),
  'a raw insert from a select': () =>
    fleet.dataSource.query(
      "INSERT INTO account (tenantId, email) SELECT tenantId, CONCAT('x', email) FROM account",
    ),
  'a procedure that writes': () => fleet.dataSource.query('CALL updates_inside()'),
  'a transaction': inTransaction((manager) => manager.insert(Account, row('new@t_1'))),
  'a nested transaction': inTransaction((manager) =>
    manager.transaction((inner) => inner.insert(Account, row('new@t_1'))),
  ),
  'a serializable transaction': () =>
    fleet.dataSource.transaction('SERIALIZABLE', (manager) =>
      manager.update(Account, { id: '1' }, { balance: 1 }),
    ),
  'a query runner’s own transaction': async () => {
    const runner = fleet.dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query('UPDATE account SET balance = 1');
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  },
  'a streamed write': async () => {
    const runner = fleet.dataSource.createQueryRunner();
    try {
      const stream = await runner.stream('UPDATE account SET balance = 1');
      for await (const _ of stream);
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  },
};
