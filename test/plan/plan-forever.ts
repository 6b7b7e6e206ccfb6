import { createConnection, type ConnectionOptions } from 'mysql2/promise';
import { createPlanner, loadMigrations } from '@switchyard/migrator';
import { migrationOf } from './planning-shard.ts';

/** Plans for the database of its argument until it is killed; says so once it has planned once. */
const connection = await createConnection(JSON.parse(process.argv[2] ?? '{}') as ConnectionOptions);
const migrations = await loadMigrations([
  migrationOf('Forever1700000000001', async (q) => {
    await q.query('ALTER TABLE account ADD COLUMN x INT, ADD INDEX k_x (x)');
    await q.query('UPDATE account SET a = 9');
    await q.query('ALTER TABLE account MODIFY a BIGINT NULL');
  }),
]);
for (;;) {
  await createPlanner().plan({ shard: 'killed', connection }, { migrations });
  process.stdout.write('.');
}
