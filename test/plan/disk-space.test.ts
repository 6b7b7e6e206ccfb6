import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RowDataPacket } from 'mysql2/promise';
import { freeBytesFor } from '@switchyard/migrator/internal';
import { describe, expect, it } from 'vitest';
import { planningShard } from './planning-shard.ts';

describe('the free space of the server behind a shard', () => {
  it('is known where its data folder is on this machine, and not guessed elsewhere', async () => {
    const shard = await planningShard('disk');
    try {
      const [[row]] = await shard.connection.query<RowDataPacket[]>('SELECT @@datadir AS folder');
      const isHere = existsSync(join(String(row?.['folder']), shard.database.name));
      const free = await freeBytesFor(shard.connection, shard.database.name);
      if (isHere) expect(free).toBeGreaterThan(0);
      else expect(free).toBeUndefined(); // MySQL runs in a root of its own here
      expect(await freeBytesFor(shard.connection, 'no_such_database')).toBeUndefined();
    } finally {
      await shard.close();
    }
  });
});
