import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AsyncLocalStorage } from 'node:async_hooks';
import { currentFrame } from '@switchyard/shard-context';
import { channels, type ShardQuery } from '@switchyard/shard-context/events';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account, Currency } from '../fence/account.ts';

let fleet: Fleet;
beforeEach(async () => {
  fleet = await poolsOf(3);
});
afterEach(() => fleet?.stop());

function poolsOf(maxConnections: number): Promise<Fleet> {
  return startFleet({
    shards: ['us1', 'us2'],
    entities: [Account, Currency],
    tenants: { us1: ['t_1', 't_2'], us2: ['t_1'] },
    servers: 1,
    server: { maxConnections },
    dataSource: { pool: { acquireTimeoutMs: 400, idleMs: 100 } },
  });
}

/** Connections that the server holds to a shard's database, without the audit's own. */
async function connections(shard: string): Promise<number> {
  const { database } = fleet.topology.shard(shard);
  const own = await Promise.all(fleet.shards.map(({ name }) => fleet.plain(name)));
  const rows = await fleet.rows(
    'us1',
    'SELECT id FROM information_schema.processlist WHERE db = ? AND id NOT IN (?)',
    [database, own.map(({ threadId }) => threadId)],
  );
  return rows.length;
}

const sleepSql = (seconds: number) => fleet.dataSource.query(`SELECT SLEEP(${seconds})`);
const idOfConnection = async () => {
  const [row] = (await fleet.dataSource.query('SELECT CONNECTION_ID() AS id')) as [{ id: number }];
  return Number(row.id);
};

describe('the pools of a data source', () => {
  it('open nothing before the first query, and close what no one uses', async () => {
    const dataSource = await fleet.open();
    await expect.poll(() => connections('us2')).toBe(0);
    await fleet.onShard('us2', () => dataSource.query('SELECT 1'));
    expect(await connections('us2')).toBe(1);
    await expect.poll(() => connections('us2')).toBe(0);
  });

  it('share the cap of their server: a shard that needs a connection gets a sibling’s idle one', async () => {
    await fleet.onShard('us1', () => Promise.all([1, 2, 3].map(() => sleepSql(0.05))));
    await fleet.onShard('us2', () => Promise.all([1, 2, 3].map(() => sleepSql(0.05))));
    expect((await connections('us1')) + (await connections('us2'))).toBeLessThanOrEqual(3);
  });

  it('serve those who wait in the order of their coming', async () => {
    const served: number[] = [];
    const busy = fleet.onShard('us1', () => Promise.all([1, 2, 3].map(() => sleepSql(0.1))));
    const asks = [0, 1, 2, 3, 4, 5].map((i) =>
      fleet.onShard('us1', async () => {
        const runner = fleet.dataSource.createQueryRunner();
        await runner.connect();
        served.push(i);
        await runner.query('DO SLEEP(0.01)');
        await runner.release();
      }),
    );
    await Promise.all([busy, ...asks]);
    expect(served).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('do not let a busy shard starve its siblings on the server', async () => {
    let running = true;
    const hog = async () => {
      while (running) await fleet.onShard('us1', () => sleepSql(0.02));
    };
    const hogs = Array.from({ length: 3 }, hog);
    for (let i = 0; i < 5; i++) await fleet.onShard('us2', () => sleepSql(0));
    running = false;
    await Promise.all(hogs);
  });

  it('refuse with POOL_TIMEOUT whoever waits too long, and go on', async () => {
    const busy = fleet.onShard('us1', () => Promise.all([1, 2, 3].map(() => sleepSql(1))));
    await expect(fleet.onShard('us2', () => sleepSql(0))).rejects.toMatchObject({
      code: 'POOL_TIMEOUT',
      retryable: true,
      shard: 'us2',
    });
    await busy;
    await fleet.onShard('us2', () => sleepSql(0));
  });

  it('run everyone in his own context, whoever released the connection or opened the socket', async () => {
    const mine = new AsyncLocalStorage<number>();
    const strays: string[] = [];
    const units = Array.from({ length: 60 }, (_, i) => {
      const shard = i % 2 === 0 ? 'us1' : 'us2';
      const unit = () =>
        fleet.onShard(shard, async () => {
          for (let n = 0; n < 5; n++) {
            const [row] = (await fleet.dataSource.query('SELECT DATABASE() AS name')) as [
              { name: string },
            ];
            const { database } = fleet.topology.shard(shard);
            const right = row.name === database && mine.getStore() === i;
            if (!right || currentFrame()?.place?.shard !== shard) strays.push(`${i}/${n}`);
          }
        });
      return mine.run(i, unit);
    });
    const all = await Promise.allSettled(units);
    expect(strays).toEqual([]);
    expect(all.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it.each(['utf8mb4', 'UTF8MB4_BIN'])(
    'keep a connection that was reset, where the data source asks for the charset %s',
    async (charset) => {
      await fleet.stop();
      fleet = await poolsOf(1); // so that the next query waits for the same connection
      const dataSource = await fleet.open({ charset });
      const state = async () => {
        const [row] = await fleet.onShard('us1', () =>
          dataSource.query<{ id: number; named: string }[]>(
            'SELECT CONNECTION_ID() AS id, @@character_set_client AS named',
          ),
        );
        return { id: Number(row?.id), named: row?.named };
      };
      const before = await state();
      await fleet.onShard('us1', () => dataSource.query('SET @left = 1'));
      expect(await state()).toEqual(before);
      expect(before.named).toBe('utf8mb4');
    },
  );

  it('do not reset connections that only read and wrote', async () => {
    const resets = async () =>
      Number((await fleet.rows('us1', "SHOW GLOBAL STATUS LIKE 'Com_reset'"))[0]?.['Value'] ?? 0);
    const before = await resets();
    await fleet.onTenant('us1', 't_1', async () => {
      for (let i = 0; i < 5; i++) {
        await fleet.dataSource.getRepository(Account).insert({ tenantId: 't_1', email: `${i}@x` });
      }
    });
    expect(await resets()).toBe(before);
  });

  it('are closed by destroy(), and refuse with POOL_CLOSED or no connection what comes later', async () => {
    const dataSource = await fleet.open();
    await fleet.onShard('us1', () => dataSource.query('SELECT 1'));
    const runner = fleet.onShard('us1', () => dataSource.createQueryRunner());
    await runner.connect();
    await dataSource.destroy();
    await runner.release();
    await expect.poll(() => connections('us1')).toBe(0);
  });
});

describe('a pool of one connection', () => {
  beforeEach(async () => {
    await fleet.stop();
    fleet = await poolsOf(1);
  });

  it.each([
    ['a session variable', "SET SESSION sql_mode = ''", 'SELECT @@sql_mode <> "" AS clean'],
    ['a user variable', 'SET @mine = 1', 'SELECT @mine IS NULL AS clean'],
    ['a named lock', "SELECT GET_LOCK('mine', 0)", "SELECT IS_FREE_LOCK('mine') AS clean"],
    [
      'a temporary table',
      'CREATE TEMPORARY TABLE currency_copy (id INT)',
      "SELECT COUNT(*) = 0 AS clean FROM information_schema.tables WHERE table_name = 'currency_copy'",
    ],
    [
      'the step of ids',
      'SET SESSION auto_increment_increment = 1',
      'SELECT @@auto_increment_increment = 1024 AS clean',
    ],
    ['the character set', 'SET NAMES latin1', "SELECT @@character_set_client = 'utf8mb4' AS clean"],
  ])(
    'resets it before the next one uses it, where user code left %s',
    async (_what, taint, question) => {
      await fleet.onShard('us1', async () => {
        const before = await idOfConnection();
        await fleet.dataSource.query(taint);
        const [answer] = (await fleet.dataSource.query(question)) as [{ clean: number }];
        expect(Number(answer.clean)).toBe(1);
        expect(await idOfConnection(), 'the same connection').toBe(before);
        const [ids] = (await fleet.dataSource.query(
          'SELECT @@auto_increment_increment AS step, @@auto_increment_offset AS place',
        )) as [{ step: number; place: number }];
        expect([Number(ids.step), Number(ids.place)]).toEqual([1024, 1]);
      });
    },
  );
});

describe('every statement', () => {
  it('is seen on switchyard:query with shard, role, tenant and verb, without text and values', async () => {
    const seen: ShardQuery[] = [];
    const listen = (message: unknown) => void seen.push(message as ShardQuery);
    channels.query.subscribe(listen);
    try {
      await fleet.onTenant('us1', 't_1', async () => {
        const accounts = fleet.dataSource.getRepository(Account);
        // By hand: without RETURNING, TypeORM reads defaults after an insert, which is one more.
        await fleet.dataSource.query('INSERT INTO account (tenantId, email) VALUES (?, ?)', [
          't_1',
          'secret@value',
        ]);
        await accounts.findOneBy({ email: 'secret@value' });
        await fleet.dataSource.query('SELECT nothing FROM nowhere').catch(() => undefined);
      });
    } finally {
      channels.query.unsubscribe(listen);
    }
    expect(seen.map(({ verb, failed }) => [verb, failed])).toEqual([
      ['INSERT', false],
      ['SELECT', false],
      ['SELECT', true],
    ]);
    for (const query of seen) {
      expect(query.fleet).toBe(fleet.topology.fleet);
      expect(query).toMatchObject({ shard: 'us1', role: 'writer', tenant: 't_1' });
      expect(query.durationMs).toBeGreaterThan(0);
    }
    expect(JSON.stringify(seen)).not.toContain('secret');
  });
});
