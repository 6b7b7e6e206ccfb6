import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { runCli, type SwitchyardConfig } from '@switchyard/cli';
import { Directory, type DirectoryStore } from '@switchyard/directory';
import { MongoStore } from '@switchyard/directory/mongodb';
import { MongoClient } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { KEY_HASH } from '../directory/fleet.ts';
import { mysqlStoreAt } from '../directory/stores.ts';
import { withFleet, type Fleet } from '../support/fleet/index.ts';
import {
  connectTo,
  freshDatabase,
  mongoServer,
  mysqlServers,
  noMongoReason,
} from '../support/servers/index.ts';

const reason = await noMongoReason();
const title = reason === undefined ? '' : ` (skipped: ${reason})`;

/** What `switchyard prepare --json` says of a fleet whose directory is over that store. */
async function prepare({ topology, lockFile }: Fleet, open: () => DirectoryStore): Promise<string> {
  let text = '';
  const out = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const path = `${lockFile.path}.config.ts`;
  // Twice, as two processes would: the second has nothing to refuse.
  for (const time of ['first', 'second']) {
    const directory = new Directory({ store: open(), topology, keyHash: KEY_HASH });
    const config: SwitchyardConfig = { topology, lockFile, migrations: [], directory };
    const code = await runCli(['prepare', '--json'], { config: { path, config }, out, err: out });
    expect({ time, code, text }).toMatchObject({ code: 0 });
  }
  return text;
}

describe('switchyard prepare', () => {
  it('makes the tables of a directory in MySQL', () =>
    withFleet({ prepared: false }, async (fleet) => {
      const [server] = await mysqlServers(1);
      const database = await freshDatabase(server!, 'directory');
      const said = await prepare(fleet, () => mysqlStoreAt(server!, database.name));
      expect(said).toContain('"directory-prepared"');
      const connection = await connectTo(server!, database.name);
      const [rows] = await connection.query('SHOW TABLES');
      await connection.end();
      await database.drop();
      const tables = (rows as object[]).flatMap((row) => Object.values(row) as string[]);
      expect(tables).toEqual(expect.arrayContaining(['directory_keys', 'directory_placements']));
    }));

  it.skipIf(reason !== undefined)(`makes the indexes of a directory in MongoDB${title}`, () =>
    withFleet({ prepared: false }, async (fleet) => {
      const { url } = (await mongoServer())!;
      const database = `directory_${randomBytes(6).toString('hex')}`;
      await prepare(fleet, () => new MongoStore({ url, database }));
      const client = new MongoClient(url);
      const db = client.db(database);
      const indexes = await db.collection('directory_placements').indexes();
      await db.dropDatabase();
      await client.close();
      expect(indexes.flatMap(({ key }) => Object.keys(key))).toContain('changedAt');
    }),
  );
});
