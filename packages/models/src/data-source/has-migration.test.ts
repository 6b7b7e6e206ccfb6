import type { RowDataPacket } from 'mysql2/promise';
import { describe, expect, it } from 'vitest';
import { MigrationMemory } from './has-migration.ts';

const rows = (...names: string[]) => names.map((migration) => ({ migration }) as RowDataPacket);

describe('the migrations of a shard, as code may ask for them', () => {
  it('are read once for all who ask within their age, and again after it', async () => {
    let now = 0;
    const asked: string[] = [];
    const memory = new MigrationMemory(
      (shard) => Promise.resolve(asked.push(shard) > 2 ? rows('A1', 'B2') : rows('A1')),
      { maxAgeMs: 100, clock: () => now },
    );
    expect(await Promise.all([memory.has('us1', 'A1'), memory.has('us1', 'B2')])).toEqual([
      true,
      false,
    ]);
    expect(await memory.has('us2', 'A1')).toBe(true);
    expect(asked).toEqual(['us1', 'us2']);
    now = 100;
    expect(await memory.has('us1', 'B2')).toBe(true);
  });

  it('are none where the shard has no ledger', async () => {
    const missing = Object.assign(new Error('no table'), { driverError: { errno: 1146 } });
    const memory = new MigrationMemory(() => Promise.reject(missing));
    expect(await memory.has('us1', 'A1')).toBe(false);
  });

  it('are asked for again after a read that failed', async () => {
    let fails = true;
    const lost = Object.assign(new Error('lost'), { errno: 2013 });
    const memory = new MigrationMemory(() =>
      fails ? Promise.reject(lost) : Promise.resolve(rows('A1')),
    );
    await expect(memory.has('us1', 'A1')).rejects.toBe(lost);
    fails = false;
    expect(await memory.has('us1', 'A1')).toBe(true);
  });
});
