import { Sharded } from '@switchyard/models';
import {
  Column,
  DataSource,
  Entity,
  ManyToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type MigrationInterface,
  type QueryRunner,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { onBoth, onFirst, onSecond, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
class Ticket {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'varchar', length: 20, default: 'open' }) state!: string;
  @Column({ type: 'datetime', default: () => 'CURRENT_TIMESTAMP' }) at!: Date;
  @ManyToOne(() => Ticket, { lazy: true, nullable: true }) next!: Promise<Ticket | null>;
}

@Sharded({ tenant: 'none' })
@Entity()
class Region {
  @PrimaryColumn({ type: 'int' }) id!: number;
}

class AddRegion1700000000000 implements MigrationInterface {
  readonly name = 'AddRegion1700000000000';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('INSERT INTO region (id) VALUES (7)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM region WHERE id = 7');
  }
}

let fleet: Fleet;
beforeAll(async () => {
  // Both shards on one server, so that what looks around there sees the other.
  fleet = await startPlaces([Ticket, Region], { migrations: [AddRegion1700000000000] }, 1);
});
afterAll(() => fleet?.stop());

const tickets = () => fleet.dataSource.getRepository(Ticket);

describe('a ShardedDataSource is a DataSource', () => {
  it('by class, by its metadata and by its driver, without naming a database', () => {
    expect(fleet.dataSource).toBeInstanceOf(DataSource);
    expect(fleet.dataSource.isInitialized).toBe(true);
    expect(fleet.dataSource.hasMetadata(Ticket)).toBe(true);
    expect(() => fleet.dataSource.setOptions({ database: 'other' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_REFUSED' }) as Error,
    );
  });

  it('gives columns with defaults back after save and insert, single and many', async () => {
    const seen = await onBoth(fleet, async () => {
      const saved = await tickets().save([{}, {}]);
      const inserted = [{}, {}] as Ticket[];
      await tickets().insert(inserted);
      return [...saved, ...inserted].map(({ id, state, at, tenantId }) => [
        Number(id) > 0,
        state,
        at instanceof Date,
        tenantId,
      ]);
    });
    expect(seen[0]).toEqual(Array.from({ length: 4 }, () => [true, 'open', true, 't_1']));
    expect(seen[1]).toEqual(Array.from({ length: 4 }, () => [true, 'open', true, 't_2']));
  });

  it('runs and reverts migrations on the shard of the context, and for no tenant', async () => {
    const run = () => fleet.dataSource.runMigrations();
    await expect(run()).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    await expect(onFirst(fleet, run)).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    const done = await fleet.onShard('us1', run);
    expect(done.map(({ name }) => name)).toEqual(['AddRegion1700000000000']);
    expect(await fleet.rows('us1', 'SELECT id FROM region')).toEqual([{ id: 7 }]);
    expect(await fleet.rows('us2', 'SELECT id FROM region')).toEqual([]);
    await fleet.onShard('us1', () => fleet.dataSource.undoLastMigration());
    expect(await fleet.rows('us1', 'SELECT id FROM region')).toEqual([]);
  });

  it('lists the tables of the context’s shard only', async () => {
    await fleet.rows('us2', 'CREATE TABLE only_here (id int)');
    const names = await fleet.onShard('us1', async () => {
      const runner = fleet.dataSource.createQueryRunner();
      const tables = await runner.getTables().finally(() => runner.release());
      return tables.map(({ name }) => name.split('.').at(-1));
    });
    await fleet.rows('us2', 'DROP TABLE only_here');
    expect(names).toContain('ticket');
    expect(names).not.toContain('only_here');
  });

  it('logs queries by the logger that is set, also on named shards', async () => {
    const seen: string[] = [];
    const noop = () => undefined;
    const logger = {
      logQuery: (sql: string) => void seen.push(sql),
      logQueryError: noop,
      logQuerySlow: noop,
      logSchemaBuild: noop,
      logMigration: noop,
      log: noop,
    };
    const logged = await fleet.open({ logging: ['query'], logger });
    await onFirst(fleet, () => logged.getRepository(Region).count());
    await logged.shard('us2').getRepository(Region).count();
    expect(seen.filter((sql) => sql.includes('`region`'))).toHaveLength(2);
  });
});

describe('two sharded data sources that share entity classes', () => {
  it('load lazy relations from the shard of the record, whichever was opened last', async () => {
    const first = await onFirst(fleet, async () => {
      const next = await tickets().save(tickets().create({ state: 'next' }));
      const ticket = tickets().create();
      ticket.next = Promise.resolve(next);
      await tickets().save(ticket);
      return tickets().findOneByOrFail({ id: ticket.id });
    });
    await fleet.open();
    const loaded = await onSecond(fleet, async () => (await first.next)?.state);
    expect(loaded).toBe('next');
  });
});
