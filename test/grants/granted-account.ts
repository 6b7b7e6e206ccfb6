import type { MysqlServer } from '../support/servers/index.ts';
import { connectTo } from '../support/servers/index.ts';
import type { Grant } from './page-of-grants.ts';

let made = 0;

/** Which databases stand for those of the page. */
export interface Databases {
  readonly shop?: string;
  readonly shop_directory?: string;
}

/** The server as an account that has exactly these grants sees it. */
export async function withAccount<T>(
  servers: readonly MysqlServer[],
  grants: readonly Grant[],
  databases: readonly Databases[],
  use: (account: { readonly user: string; readonly password: string }) => Promise<T>,
): Promise<T> {
  const account = { user: `granted_${process.pid}_${++made}`, password: 'pw' };
  try {
    for (const [i, server] of servers.entries()) {
      await on(server, [
        `CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}'`,
        ...grants
          .filter(({ privileges }) => privileges.length > 0)
          .map(({ privileges, on: place }) => {
            const where = named(place, databases[i] ?? {});
            return `GRANT ${privileges.join(', ')} ON ${where} TO '${account.user}'@'%'`;
          }),
      ]);
    }
    return await use(account);
  } finally {
    for (const server of servers) await on(server, [`DROP USER IF EXISTS '${account.user}'@'%'`]);
  }
}

/** The place with the databases of the test for those of the page. */
function named(place: string, databases: Databases): string {
  return place.replace(/\b(shop_directory|shop)\./, (whole, name: keyof Databases) =>
    databases[name] === undefined ? whole : `\`${databases[name]}\`.`,
  );
}

async function on(server: MysqlServer, statements: readonly string[]): Promise<void> {
  const admin = await connectTo(server);
  try {
    for (const sql of statements) await admin.query(sql);
  } finally {
    await admin.end();
  }
}
