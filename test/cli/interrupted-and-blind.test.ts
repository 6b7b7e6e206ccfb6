import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '../support/servers/index.ts';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

const ENGINE = process.env['SWITCHYARD_ENGINE'];

describe('a rollout', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    const rollout = { lockWaitSeconds: 1, lockDeadlineMs: 30_000 };
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'], servers: 1, rollout });
    await fleet.run(['prepare']);
    await fleet.everywhere('CREATE TABLE account (id BIGINT PRIMARY KEY)');
    await fleet.everywhere('INSERT INTO account VALUES (1)');
  });
  afterAll(() => fleet.stop());

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'says at %s which statement may go on at a server, and names resume',
    async (signal, exit) => {
      const column = `c${exit}`;
      const name = await fleet.migration(`Add${exit}x`, 1790000000000 + exit, [
        `ALTER TABLE account ADD COLUMN ${column} INT NULL`,
      ]);
      const holder = await connectTo(fleet.databaseOf('us1').server, fleet.databaseOf('us1').name);
      await holder.query('START TRANSACTION');
      await holder.query('SELECT * FROM account');
      const running = fleet.spawn(['migrate', '--json']);
      await running.saw('step-started', 'us1');
      running.child.kill(signal);
      const { code, events } = await running.ended;
      await holder.end();
      expect(code).toBe(exit);
      expect(events.at(-1)).toMatchObject({
        event: 'interrupted',
        signal,
        atWork: [{ shard: 'us1', clause: expect.stringContaining(column) }],
        remedy: expect.stringContaining('switchyard resume'),
      });
      expect((await fleet.run(['resume'])).code).toBe(0);
      expect((await fleet.run(['status', '--require', name])).code).toBe(0);
    },
  );

  it('fits its plan to 80 characters where the width is not known', async () => {
    await fleet.migration('WithLongNames', 1790000001000, [
      'ALTER TABLE account ADD COLUMN a_column_with_a_rather_long_name VARCHAR(100) NULL, ' +
        "ADD COLUMN another_one_with_a_long_name VARCHAR(200) NULL DEFAULT 'x'",
      'ALTER TABLE account DROP COLUMN c130',
    ]);
    const { code, out } = await fleet.run(['plan']);
    expect(code).toBe(3);
    expect(out).toContain('--allow drop-column:account.c130');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('on MariaDB without PROCESS says so in the plan, and names no session of its own', async (ctx) => {
    ctx.skip(ENGINE === 'mysql', 'MySQL shows holders without PROCESS too');
    const { server, name } = fleet.databaseOf('us1');
    const root = await connectTo(server, name);
    const user = `blind_${Date.now().toString(36)}`;
    await root.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'pw'`);
    await root.query(`GRANT ALL ON \`${name}\`.* TO '${user}'@'%'`);
    await root.query(`GRANT ALL ON \`${fleet.databaseOf('us2').name}\`.* TO '${user}'@'%'`);
    await root.query(`GRANT ALL ON \`switchyard\\_scratch\\_%\`.* TO '${user}'@'%'`);
    fleet.redeclareServer('us1', { user, password: 'pw' });
    await fleet.migration('Later', 1790000002000, ['ALTER TABLE account ADD COLUMN later INT']);
    const to = ['--allow', 'drop-column:account.c130'];
    await root.query('START TRANSACTION');
    await root.query('SELECT * FROM account');
    const planned = await fleet.run(['plan', ...to]);
    expect(planned.code).toBe(0);
    expect(planned.out.replaceAll(/\s+/g, ' ')).toContain('the user lacks PROCESS');
    fleet.rollout = { lockWaitSeconds: 1, lockDeadlineMs: 1500 };
    const { events } = await fleet.json(['migrate', ...to]);
    await root.query('ROLLBACK');
    const failed = events.find(({ shard, failure }) => shard === 'us1' && failure);
    expect(failed?.['failure']).toMatchObject({ code: 'TABLE_LOCKED' });
    expect(JSON.stringify(failed)).not.toContain(user);
    expect(JSON.stringify(failed)).toContain('PROCESS');
    await root.query(`DROP USER '${user}'@'%'`);
    await root.end();
  });
});
