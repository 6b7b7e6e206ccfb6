import { Sharded } from '@switchyard/models';
import { AfterLoad, Column, Entity, PrimaryGeneratedColumn, type Logger } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { onBoth, onFirst, PLACES, startPlaces } from '../typeorm/house.ts';

@Entity()
@Sharded({ tenant: 'tenantId', ids: 'interleaved', scopeReads: true })
class Parcel {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 64 }) name!: string;
  loads = 0;

  @AfterLoad()
  count(): void {
    this.loads = (this.loads ?? 0) + 1;
  }
}

class Notes implements Logger {
  readonly lines: unknown[] = [];
  logQuery(query: string, parameters?: unknown[]): void {
    this.lines.push(['query', query, parameters]);
  }
  logQueryError(error: string | Error, query: string, parameters?: unknown[]): void {
    this.lines.push(['error', (error as Error).message, query, parameters]);
  }
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

let fleet: Fleet;
const logger = new Notes();

beforeAll(async () => {
  fleet = await startPlaces([Parcel], { logger, logging: true });
  for (const [shard] of PLACES) {
    for (const tenant of ['t_1', 't_2']) {
      await fleet.rows(shard, 'INSERT INTO parcel (tenantId, name) VALUES (?, ?)', [tenant, shard]);
    }
  }
});
afterAll(() => fleet.stop());
beforeEach(() => void logger.lines.splice(0));

const parcels = () => fleet.dataSource.getRepository(Parcel);
const prepared = async (shard: string) => {
  const [row] = await fleet.rows(shard, "SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'");
  return Number(row!['Value']);
};

describe('a compiled read', () => {
  it('sees its own tenant only where reads are scoped, on each shard', async () => {
    const found = await onBoth(fleet, () => parcels().find());
    expect(found.map((list) => list.map(({ tenantId, name }) => [tenantId, name]))).toEqual([
      [['t_1', 'us1']],
      [['t_2', 'us2']],
    ]);
    expect(fleet.dataSource.fastPathCounts.compiled).toBeGreaterThan(0);
  });

  it('is logged as TypeORM logs it, with the values that were given', async () => {
    const { id } = (await onFirst(fleet, () => parcels().findOneByOrFail({ name: 'us1' })))!;
    await onFirst(fleet, () => parcels().findOneBy({ id }));
    const [ours] = logger.lines.slice(-1);
    const typeorm = await fleet.open({ logger, logging: true, fastPath: false });
    await onFirst(fleet, () => typeorm.getRepository(Parcel).findOneBy({ id }));
    expect(ours).toEqual(logger.lines.at(-1));
  });

  it('fails as TypeORM does: class, code, query and parameters', async () => {
    const typeorm = await fleet.open({ fastPath: false });
    const failures = [];
    await fleet.rows('us1', 'RENAME TABLE parcel TO parcel_away');
    try {
      for (const source of [fleet.dataSource, typeorm]) {
        const failed = onFirst(fleet, () => source.getRepository(Parcel).findOneBy({ id: '1' }));
        failures.push(await failed.then(String, (error: unknown) => error));
      }
    } finally {
      await fleet.rows('us1', 'RENAME TABLE parcel_away TO parcel');
    }
    const [ours, theirs] = failures.map((error) => {
      const { name, message, code, errno, query, parameters } = error as never as Parcel & {
        [field: string]: unknown;
      };
      return { name, message, code, errno, query, parameters };
    });
    expect(ours).toMatchObject({ name: 'QueryFailedError', code: 'ER_NO_SUCH_TABLE' });
    expect(ours).toEqual(theirs);
  });

  it('prepares its statement once, and again after the table was changed', async () => {
    const read = () => onFirst(fleet, () => parcels().findOneBy({ name: 'us1' }));
    await read();
    const before = await prepared('us1');
    for (let i = 0; i < 5; i += 1) expect(await read()).toMatchObject({ name: 'us1' });
    expect((await prepared('us1')) - before).toBe(0);
    await fleet.rows('us1', 'ALTER TABLE parcel ADD COLUMN weight INT NULL FIRST');
    expect(await read()).toMatchObject({ name: 'us1', tenantId: 't_1' });
    await fleet.rows('us1', 'ALTER TABLE parcel DROP COLUMN weight');
    expect(await read()).toMatchObject({ name: 'us1', tenantId: 't_1' });
  });

  it('calls AfterLoad once, and remembers where the record was loaded', async () => {
    const parcel = await onFirst(fleet, () => parcels().findOneByOrFail({ name: 'us1' }));
    expect(parcel.loads).toBe(1);
    const elsewhere = fleet.onTenant('us2', 't_2', () => parcels().save(parcel));
    await expect(elsewhere).rejects.toMatchObject({ code: 'RECORD_MISPLACED' });
  });

  it('reads what its own transaction wrote', async () => {
    await onFirst(fleet, () =>
      fleet.dataSource.transaction(async (manager) => {
        await manager.update(Parcel, { name: 'us1' }, { name: 'changed' });
        expect(await manager.findOneBy(Parcel, { name: 'changed' })).toMatchObject({ id: '1' });
        throw new Error('undo');
      }),
    ).catch(() => undefined);
    expect(await onFirst(fleet, () => parcels().existsBy({ name: 'us1' }))).toBe(true);
  });

  it('needs a context', async () => {
    await expect(parcels().findOneBy({ id: '1' })).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
  });

  it('is one statement for all values and all amounts of rows', async () => {
    const { compiled, statements } = fleet.dataSource.fastPathCounts;
    for (let n = 0; n < 300; n += 1) {
      await onFirst(fleet, () => parcels().find({ where: { name: `n${n}` }, take: n + 2 }));
    }
    expect(fleet.dataSource.fastPathCounts).toMatchObject({
      compiled: compiled + 300,
      statements: statements + 1,
    });
  });
});
