import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

describe('switchyard prepare', () => {
  let fleet: MigratedFleet;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'us3'] });
  });
  afterEach(() => fleet.stop());

  it('names an unreachable server, and changes nothing on the others', async () => {
    fleet.redeclareServer('us1', { writer: { host: '127.0.0.1', port: 1 } });
    const { code, events, err } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    const errors = events.filter(({ event }) => event === 'error');
    expect(errors.map((one) => one['code'])).toContain('SHARD_UNAVAILABLE');
    expect(String(errors[0]?.['message'])).toContain('us1');
    expect(err).not.toContain('    at '); // no stack
    expect(await tablesOf('us2')).toEqual([]);
  });

  it('names a wrong password without showing it, and changes nothing', async () => {
    fleet.redeclareServer('us1', { user: 'nobody-here', password: 'hunter2' });
    const { code, events, out, err } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'SHARD_ACCESS_DENIED' });
    expect(out + err).not.toContain('hunter2');
    expect(await tablesOf('us2')).toEqual([]);
  });

  it('refuses two shards on one database that the topology spells in two ways', async () => {
    const { database, server } = fleet.definition('us1');
    fleet.redeclareServer('us1', { writer: { ...portOf('us1'), host: 'localhost' } });
    fleet.redeclare('us2', { database, server: server.replace('-us', '-eu') });
    const { code, events } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'SAME_DATABASE' });
    expect(await tablesOf('us1')).toEqual([]);
  });

  it('refuses two databases of one identity: a copy of a shard is not a second one', async () => {
    expect((await fleet.json(['prepare'])).code).toBe(0);
    const [row] = await fleet.rows('us1', 'SELECT uuid FROM shard_identity');
    await fleet.rows('us3', 'UPDATE shard_identity SET uuid = ?', [row?.['uuid']]);
    const { code, events } = await fleet.json(['prepare']);
    expect(code).toBe(1);
    expect(events.at(-1)).toMatchObject({ event: 'error', code: 'SAME_DATABASE' });
  });

  it.each(['before-shard', 'identity-stamped', 'ledger-made'])(
    'completes what it was killed in the middle of: %s',
    async (point) => {
      const killed = await fleet.json(['prepare'], { CRASH_AT: `${point}@us2` });
      expect(killed.signal).toBe('SIGKILL');
      expect((await fleet.json(['prepare'])).code).toBe(0);
      expect((await fleet.json(['status'])).code).toBe(0);
    },
  );

  it('of other shards with the same lock file, at the same time, loses no entry', async () => {
    const shards = fleet.shards.map((shard) => fleet.definition(shard));
    const running = shards.map((shard) => {
      fleet.declareOnly();
      fleet.declare(shard);
      return fleet.spawn(['prepare', '--json']);
    });
    const ended = await Promise.all(running.map((one) => one.ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(Object.keys(await fleet.declared().lockFile.entries())).toEqual(['us1', 'us2', 'us3']);
    fleet.declareOnly();
    for (const shard of shards) fleet.declare(shard);
    expect((await fleet.json(['status'])).code).toBe(0);
  });

  describe('for a new shard beside siblings with a schema', () => {
    let us3: ReturnType<MigratedFleet['definition']>;
    beforeEach(async () => {
      us3 = fleet.definition('us3');
      fleet.declareOnly('us1', 'us2');
      await fleet.migration('FirstSchema', 1790000000000, [
        'CREATE TABLE account (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL)',
        'CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY, account BIGINT NOT NULL, CONSTRAINT of_account FOREIGN KEY (account) REFERENCES account (id))',
        'CREATE INDEX by_name ON account (name)',
      ]);
      expect((await fleet.json(['prepare'])).code).toBe(0);
      expect((await fleet.json(['migrate'])).code).toBe(0);
      fleet.declare(us3);
    });

    it.each([undefined, 'schema-begun', 'table-copied', 'schema-copied'])(
      'brings it to their schema and baseline (killed first at: %s)',
      async (point) => {
        if (point !== undefined) {
          const killed = await fleet.json(['prepare'], { CRASH_AT: `${point}@us3` });
          expect(killed.signal).toBe('SIGKILL');
        }
        const { code, events } = await fleet.json(['prepare']);
        expect(code).toBe(0);
        expect(events.find(({ event }) => event === 'schema-brought')).toMatchObject({
          shard: 'us3',
          tables: 2,
          migrations: 1,
        });
        for (const table of ['account', 'note']) {
          const sql = `SHOW CREATE TABLE ${table}`;
          expect(await fleet.rows('us3', sql)).toEqual(await fleet.rows('us1', sql));
        }
        expect((await fleet.json(['status'])).code).toBe(0);
      },
    );

    it('gives it tables that the server writes otherwise when they are made again, and sequences', async () => {
      const comment = 'ids, as in AUTO_INCREMENT=900000';
      for (const shard of ['us1', 'us2']) {
        await fleet.rows(
          shard,
          `CREATE TABLE told (id BIGINT AUTO_INCREMENT PRIMARY KEY COMMENT '${comment}', a VARCHAR(9))
             COLLATE utf8mb4_unicode_ci`,
        );
        await fleet.rows(shard, "INSERT INTO told (a) VALUES ('one')");
      }
      const isMariadb = fleet.databaseOf('us1').server.engine === 'mariadb';
      if (isMariadb) {
        for (const shard of ['us1', 'us2']) {
          await fleet.rows(shard, 'CREATE SEQUENCE numbers START WITH 7');
          await fleet.rows(
            shard,
            'CREATE TABLE drawn (id BIGINT NOT NULL DEFAULT nextval(numbers) PRIMARY KEY, a INT)',
          );
        }
      }
      expect((await fleet.json(['prepare'])).code).toBe(0);
      await fleet.rows('us3', "INSERT INTO told (a) VALUES ('new')");
      const [{ id } = {}] = await fleet.rows('us3', 'SELECT id FROM told');
      expect(Number(id)).toBeLessThan(900_000);
      if (!isMariadb) return;
      await fleet.rows('us3', 'INSERT INTO drawn (a) VALUES (1)');
      expect(await fleet.rows('us3', 'SELECT id FROM drawn')).toEqual([{ id: 7 }]);
      expect(await fleet.rows('us1', 'SELECT NEXTVAL(numbers) AS n')).toEqual([{ n: 7 }]);
    });

    it('gives it their views, triggers and routines as well', async () => {
      const account = 'FROM account';
      for (const sql of [
        `CREATE VIEW a_names AS SELECT name ${account}`,
        'CREATE TRIGGER trimmed BEFORE INSERT ON account FOR EACH ROW SET NEW.name = TRIM(NEW.name)',
        'CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2',
      ]) {
        await fleet.rows('us1', sql);
        await fleet.rows('us2', sql);
      }
      expect((await fleet.json(['prepare'])).code).toBe(0);
      await fleet.rows('us3', "INSERT INTO account (name) VALUES ('  padded ')");
      expect(await fleet.rows('us3', 'SELECT name, twice(2) AS n FROM a_names')).toEqual([
        { name: 'padded', n: 4 },
      ]);
    });

    describe('with --schema replay', () => {
      const HUGE = '9007199254740993';
      let second: string;
      beforeEach(async () => {
        fleet.declareOnly('us1', 'us2');
        second = await fleet.migration('Second', 1790000000001, [
          'CREATE TABLE event (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20))',
        ]);
        expect((await fleet.json(['migrate'])).code).toBe(0);
        fleet.declare(us3);
        await fleet.rows('us1', "INSERT INTO account VALUES (70000, 'gone, and known to others')");
        await fleet.rows('us1', 'DELETE FROM account');
        await fleet.rows('us1', `INSERT INTO event VALUES (${HUGE}, 'old')`);
      });

      async function nextIds(): Promise<unknown[]> {
        await fleet.rows('us3', "INSERT INTO account (name) VALUES ('new')");
        await fleet.rows('us3', "INSERT INTO event (what) VALUES ('new')");
        const sql = 'SELECT CAST(id AS CHAR) AS id FROM';
        const rows = [`${sql} account`, `${sql} event`].map((one) => fleet.rows('us3', one));
        return (await Promise.all(rows)).map(([row]) => row?.['id']);
      }

      it('leaves the tables to migrate, and begins above every id that was given out', async () => {
        const { events } = await fleet.json(['prepare', '--schema', 'replay']);
        expect(events.find(({ event }) => event === 'id-floors-noted')).toMatchObject({
          shard: 'us3',
          from: 'us1',
          floors: 2,
        });
        expect(await tablesOf('us3')).not.toContain('account');
        expect((await fleet.json(['prepare', '--schema', 'replay'])).code).toBe(0);
        expect((await fleet.json(['status'])).events).toContainEqual(
          expect.objectContaining({ shard: 'us3', state: 'pending' }),
        );
        expect((await fleet.json(['migrate'])).code).toBe(0);
        expect(await nextIds()).toEqual(['70001', String(BigInt(HUGE) + 1n)]);
        expect((await fleet.json(['status', '--require', second])).code).toBe(0);
      });

      it.each(['step-ended', 'before-migration-ended', 'migration-ended'])(
        'begins there also where migrate was killed at %s',
        async (point) => {
          expect((await fleet.json(['prepare', '--schema', 'replay'])).code).toBe(0);
          const killed = await fleet.json(['migrate'], { CRASH_AT: `${point}@us3` });
          expect(killed.signal).toBe('SIGKILL');
          expect((await fleet.json(['resume'])).code).toBe(0);
          expect(await nextIds()).toEqual(['70001', String(BigInt(HUGE) + 1n)]);
        },
      );

      it('keeps the ids in mind until the last of the migrations that the sibling had', async () => {
        expect((await fleet.json(['prepare', '--schema', 'replay'])).code).toBe(0);
        const first = 'FirstSchema1790000000000';
        expect((await fleet.json(['migrate', '--to', first])).code).toBe(0);
        await fleet.rows('us3', 'SET foreign_key_checks = 0');
        await fleet.rows('us3', 'TRUNCATE TABLE account'); // as a migration of those might do
        expect((await fleet.json(['migrate'])).code).toBe(0);
        expect(await nextIds()).toEqual(['70001', String(BigInt(HUGE) + 1n)]);
        const left = 'SELECT 1 FROM shard_ledger WHERE plan IS NOT NULL';
        expect(await fleet.rows('us3', left)).toEqual([]);
      });

      it('can be copied after all', async () => {
        expect((await fleet.json(['prepare', '--schema', 'replay'])).code).toBe(0);
        expect((await fleet.json(['prepare'])).code).toBe(0);
        expect(await nextIds()).toEqual(['70001', String(BigInt(HUGE) + 1n)]);
        expect((await fleet.json(['status'])).code).toBe(0);
      });
    });
  });

  function portOf(shard: string): { host: string; port: number } {
    const { server } = fleet.databaseOf(shard);
    return { host: server.host, port: server.port };
  }

  async function tablesOf(shard: string): Promise<unknown[]> {
    const rows = await fleet.rows(shard, 'SHOW TABLES');
    return rows.flatMap((row) => Object.values(row)).sort();
  }
});
