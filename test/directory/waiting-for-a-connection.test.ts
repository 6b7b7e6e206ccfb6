import { setTimeout as sleep } from 'node:timers/promises';
import { MySqlStore } from '@switchyard/directory/mysql';
import { expect, it } from 'vitest';
import { connectTo, mysqlServers, startMysqlServer } from '../support/servers/index.ts';

it('for a connection, one that is given up does not swallow the turn of the next', async () => {
  const [server] = await mysqlServers(1);
  const database = `directory_waiting_${Date.now()}`;
  const { user, password } = server!;
  const store = new MySqlStore({
    server: { writer: server!, credentials: () => ({ user, password }) },
    database,
    maxConnections: 1,
  });
  await store.prepare();
  const plain = await connectTo(server!, database);
  await plain.query('LOCK TABLES directory_placements WRITE');
  const never = new AbortController();
  const first = store.findPlacements(['a'], { from: 'primary', signal: never.signal });
  await sleep(50);
  const given = new AbortController();
  const second = store
    .findPlacements(['a'], { from: 'primary', signal: given.signal })
    .catch(() => 'given up');
  const third = store.findPlacements(['a'], { from: 'primary', signal: never.signal });
  given.abort(new Error('time is over'));
  await plain.query('UNLOCK TABLES');
  await first;
  await second;
  const outcome = await Promise.race([third.then(() => 'answered'), sleep(3000, 'still waiting')]);
  await plain.query(`DROP DATABASE ${database}`);
  await plain.end();
  expect(outcome).toBe('answered');
  await store.close();
});

it('that does not answer, the store gives it up with its callers and goes on when the server does', async () => {
  const own = await startMysqlServer();
  const { user, password } = own;
  const store = new MySqlStore({
    server: { writer: own, credentials: () => ({ user, password }) },
    database: 'directory',
    maxConnections: 2,
  });
  try {
    await store.prepare();
    await own.pause();
    for (let call = 0; call < 6; call++) {
      const signal = AbortSignal.timeout(100);
      const asked = store.findPlacements(['a'], { from: 'primary', signal });
      await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
    }
    await own.resume();
    const answered = () =>
      store.findPlacements(['a'], { from: 'primary', signal: AbortSignal.timeout(2_000) });
    await expect.poll(answered, { timeout: 10_000 }).toEqual([]);
  } finally {
    await store.close();
    await own.stop();
  }
});
