import { SYSTEM_TABLES as SPARED } from '@switchyard/mysql/internal';
import { describe, expect, it } from 'vitest';
import { SYSTEM_TABLES } from './system-tables.ts';

describe('the system tables of all packages', () => {
  it('are those that dropDatabase() leaves', () => {
    expect([...SPARED].sort()).toEqual([...SYSTEM_TABLES].sort());
  });
});
