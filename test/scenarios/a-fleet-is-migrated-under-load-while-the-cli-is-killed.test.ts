import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo } from '../support/servers/index.ts';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';

const SHARDS = Array.from({ length: 16 }, (_, i) => `s${i + 1}`);
const SERVERS = 4;
const WRITES_PER_SERVER = 100; // a second, spread over the server's four shards
const KILLS = 3;

/** A write that the application was told is done. */
interface Acknowledged {
  readonly shard: string;
  readonly id: number;
  readonly value: number;
}

/** An application that writes to one shard at a steady pace and remembers every answer. */
class Writer {
  readonly acknowledged: Acknowledged[] = [];
  readonly errors: unknown[] = [];
  slowestMs = 0;
  #ended = false;
  #work: Promise<void> | undefined;
  readonly #fleet: MigratedFleet;
  readonly #shard: string;

  constructor(fleet: MigratedFleet, shard: string) {
    this.#fleet = fleet;
    this.#shard = shard;
  }

  start(perSecond: number): void {
    this.#work = this.#run(1000 / perSecond);
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#work;
  }

  async #run(everyMs: number): Promise<void> {
    const { server, name } = this.#fleet.databaseOf(this.#shard);
    const connection = await connectTo(server, name);
    let due = performance.now();
    for (let id = 1; !this.#ended; id++) {
      due += everyMs;
      await this.#write(connection, id).catch((error: unknown) => this.errors.push(error));
      this.slowestMs = Math.max(this.slowestMs, performance.now() - due);
      await sleep(Math.max(0, due - performance.now()));
    }
    await connection.end();
  }

  /** Every third write is an update of an earlier row: a lost one shows in its value. */
  async #write(connection: Awaited<ReturnType<typeof connectTo>>, id: number): Promise<void> {
    if (id % 3 !== 0) {
      await connection.query('INSERT INTO item (id, value, label) VALUES (?, 1, ?)', [
        id,
        `i${id}`,
      ]);
      this.acknowledged.push({ shard: this.#shard, id, value: 1 });
      return;
    }
    await connection.query('UPDATE item SET value = ? WHERE id = ?', [id, id - 1]);
    this.acknowledged.push({ shard: this.#shard, id: id - 1, value: id });
  }
}

describe('16 shards on 4 servers under 100 writes a second each', () => {
  let fleet: MigratedFleet;
  let writers: Writer[];
  let name: string;
  let killed = 0;

  beforeAll(async () => {
    fleet = await MigratedFleet.start({
      shards: SHARDS,
      servers: SERVERS,
      rollout: { perServer: 2, stop: { failures: 3 } },
    });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE item (id BIGINT NOT NULL PRIMARY KEY, value INT NOT NULL, label VARCHAR(60) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    name = await fleet.migration('Colours', 1790000000001, [
      'ALTER TABLE item ADD COLUMN colour VARCHAR(20) NULL',
      'CREATE INDEX by_label ON item (label)',
      'ALTER TABLE item ADD COLUMN size INT NOT NULL DEFAULT 7',
    ]);
    writers = SHARDS.map((shard) => new Writer(fleet, shard));
    for (const writer of writers) writer.start((WRITES_PER_SERVER * SERVERS) / SHARDS.length);
  }, 300_000);
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await fleet.stop();
  });

  it('get two columns and an index in one run, though the CLI is killed three times', async () => {
    for (let attempt = 0; killed < KILLS && attempt < 8; attempt++) {
      const command = fleet.spawn([attempt === 0 ? 'migrate' : 'resume', '--json']);
      const afterShards = attempt * 2;
      const seen = await Promise.race([
        command.sawTimes('step-started', 1 + afterShards).then(() => true),
        command.ended.then(() => false),
      ]);
      if (!seen) break;
      await sleep(Math.random() * 60);
      if (command.child.exitCode === null && command.child.kill('SIGKILL')) killed += 1;
      await command.ended;
    }
    expect(killed).toBe(KILLS);
    const resumed = await fleet.json(['resume']);
    expect(resumed.err).toBe('');
    expect(resumed.code).toBe(0);
    expect((await fleet.json(['status', '--require', name])).code).toBe(0);
  }, 240_000);

  it('and the application saw no error, and waited less than two seconds for any write', async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(writers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(Math.max(...writers.map(({ slowestMs }) => slowestMs))).toBeLessThan(2000);
  });

  it('and lost no acknowledged write, and every statement ran once on every shard', async () => {
    let audited = 0;
    for (const [i, shard] of SHARDS.entries()) {
      const rows = await fleet.rows(shard, 'SELECT id, value, colour, size FROM item');
      const values = new Map(rows.map((row) => [Number(row['id']), Number(row['value'])]));
      const last = new Map(writers[i]!.acknowledged.map(({ id, value }) => [id, value]));
      expect(values).toEqual(last);
      audited += writers[i]!.acknowledged.length;
      const done = (await fleet.ledger(shard)).filter(
        ({ migration, state }) => migration === name && state === 'done',
      );
      expect(done.map(({ step }) => step)).toEqual([0, ...done.slice(1).map((_, k) => k + 1)]);
      const clauses = done.map(({ clause }) => clause);
      expect(new Set(clauses).size).toBe(clauses.length);
    }
    expect(audited).toBeGreaterThan(1000);
  });
});
