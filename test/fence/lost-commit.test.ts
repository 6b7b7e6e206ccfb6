import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unfenced } from '@switchyard/shard-context';
import {
  startCommitCutter,
  startFleet,
  type CommitCutter,
  type Fleet,
} from '../support/fleet/index.ts';
import { Account } from './account.ts';

let fleet: Fleet;
const cutters: CommitCutter[] = [];

beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account],
    tenants: { us1: ['t_1'], us2: ['t_1'] },
    servers: 1,
    address: async (server) => {
      const cutter = await startCommitCutter(server);
      cutters.push(cutter);
      return cutter;
    },
  });
});
afterEach(() => cutAt('none'));
afterAll(async () => {
  await fleet?.stop();
  for (const cutter of cutters) cutter.stop();
});

function cutAt(fault: CommitCutter['fault']): void {
  for (const cutter of cutters) cutter.fault = fault;
}

const onTenant = <T>(fn: () => T): T => fleet.onTenant('us1', 't_1', fn);
const row = (email: string) => ({ tenantId: 't_1', email });
const accounts = () => fleet.dataSource.getRepository(Account);
const written = async (email: string) =>
  (await fleet.rows('us1', 'SELECT id FROM account WHERE email = ?', [email])).length;

describe.each([
  ['before the server heard it', 'before', 0],
  ['after the server heard it', 'after', 1],
] as const)('a connection lost in COMMIT, %s', (_when, fault, rows) => {
  it('surfaces from a transaction as OUTCOME_UNKNOWN, which is not retryable', async () => {
    const email = `transaction ${fault}`;
    const lost = onTenant(() =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.insert(Account, row(email));
        cutAt(fault);
      }),
    );
    await expect(lost).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
    await expect.poll(() => written(email)).toBe(rows);
  });

  it('surfaces from an autocommit write of a tenant as OUTCOME_UNKNOWN', async () => {
    const email = `autocommit ${fault}`;
    await onTenant(() => accounts().count()); // connected before the fault
    cutAt(fault);
    await expect(onTenant(() => accounts().insert(row(email)))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
    await expect.poll(() => written(email)).toBe(rows);
  });

  it('leaves the pool with good connections only', async () => {
    cutAt('none');
    await onTenant(() => accounts().insert(row(`next ${fault}`)));
    expect(await written(`next ${fault}`)).toBe(1);
  });
});

describe('an answer to COMMIT that comes after enableQueryTimeout has given it up', () => {
  it.each(['a transaction', 'an autocommit write'])('of %s is OUTCOME_UNKNOWN', async (which) => {
    const email = `late ${which}`;
    const dataSource = await fleet.open({ enableQueryTimeout: true, maxQueryExecutionTime: 300 });
    const late = onTenant(async () => {
      await dataSource.getRepository(Account).count(); // connected before the fault
      if (which === 'an autocommit write') cutAt('late');
      const insert = () => dataSource.getRepository(Account).insert(row(email));
      if (which === 'an autocommit write') return insert();
      return dataSource.transaction(async (manager) => {
        await manager.insert(Account, row(email));
        cutAt('late');
      });
    });
    await expect(late).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
    await expect.poll(() => written(email)).toBe(1);
    cutAt('none');
    await onTenant(() => dataSource.getRepository(Account).insert(row(`after ${email}`)));
    expect(await written(`after ${email}`)).toBe(1);
  });
});

describe('a connection lost in an autocommit write that no fence holds', () => {
  it('surfaces as OUTCOME_UNKNOWN as well', async () => {
    const killed = fleet.onShard('us1', () =>
      unfenced('to be killed', async () => {
        const runner = fleet.dataSource.createQueryRunner();
        try {
          const [{ id }] = (await runner.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
          const write = runner.query(
            "INSERT INTO account (tenantId, email) VALUES (SLEEP(5), 'x')",
          );
          const busy = async () =>
            (
              await fleet.rows(
                'us1',
                'SELECT command FROM information_schema.processlist WHERE id = ?',
                [id],
              )
            )[0]?.['command'];
          write.catch(() => undefined);
          await expect.poll(busy).toBe('Query');
          await fleet.rows('us1', `KILL ${id}`);
          return await write;
        } finally {
          await runner.release();
        }
      }),
    );
    await expect(killed).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });
});
