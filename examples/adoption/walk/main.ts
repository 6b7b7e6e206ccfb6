// Walks through an adoption on servers of its own: node --import tsx --conditions=source walk/main.ts
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  connectTo,
  freshDatabase,
  startServers,
  type MysqlServer,
} from '../../../test/support/servers/index.ts';
import { monolith } from '../src/monolith.ts';

const CLI = fileURLToPath(new URL('../../../packages/cli/bin/switchyard.mjs', import.meta.url));
/** What a command ended by Ctrl-C exits with. */
const INTERRUPTED = 128 + constants.signals.SIGINT;
const FOLDER = fileURLToPath(new URL('..', import.meta.url));

const servers = await startServers({ mysql: 2 });
const folder = mkdtempSync(join(tmpdir(), 'switchyard-adoption-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
try {
  const [a, b] = servers.mysql as [MysqlServer, MysqlServer];
  const first = await freshDatabase(a, 'app');
  const second = await freshDatabase(b, 'app');
  const env: NodeJS.ProcessEnv = {
    FIRST_DATABASE: of(a, first.url),
    KEY_HASH_SECRET: randomBytes(32).toString('hex'),
    SWITCHYARD_LOCK_FILE: join(folder, 'switchyard.lock.json'),
  };

  console.log('1  The application as it is: TypeORM runs forty migrations');
  const app = await monolith(first.url).initialize();
  console.log(`   ${(await app.runMigrations()).length} migrations`);
  for (const [customer, invoices] of Object.entries({ acme: 3, globex: 2 })) {
    await app.query('INSERT INTO customer (id, name) VALUES (?, ?)', [customer, customer]);
    for (let i = 0; i < invoices; i++) {
      await app.query('INSERT INTO invoice (customer_id, cents) VALUES (?, 100)', [customer]);
    }
  }
  await app.destroy();

  console.log('2  Adopt it: look first, then do it');
  await switchyard(['adopt', '--dry-run', '--tenants-from-table', 'customer.id'], env);
  await switchyard(['adopt', '--tenants-from-table', 'customer.id'], env);
  await switchyard(['migrate'], env);

  console.log('3  A second shard, with the schema of the first and ids of its own');
  env['SECOND_DATABASE'] = of(b, second.url);
  await switchyard(['prepare', '--all-writers-interleaved'], env);
  await switchyard(['migrate'], env);
  await switchyard(['status'], env);

  console.log('4  What is there now, over plain connections');
  await audit(a, first.name, 'us1', 5);
  await audit(b, second.name, 'us2', 0);
  console.log('ready: two shards, nothing replayed, nothing moved');
} finally {
  await servers.stop();
}

/** The URL with the product as its scheme, which is what tells it to `serverAt`. */
function of({ engine }: MysqlServer, url: string): string {
  return url.replace(/^\w+:/, `${engine}:`);
}

async function switchyard(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  console.log(`$ npx switchyard ${args.join(' ')}`);
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: FOLDER,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [exit, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  const code = signal === null ? exit : 128 + constants.signals[signal];
  if (code === INTERRUPTED) process.exit(code); // Ctrl-C reached the command before us
  if (code !== 0) throw new Error(`switchyard ${args[0]} ended with ${code}`);
}

/** Refuses anything that an adoption must not have done. */
async function audit(server: MysqlServer, database: string, shard: string, invoices: number) {
  const connection = await connectTo(server, database);
  const one = async (sql: string) => {
    const [rows] = await connection.query(sql);
    return Number(Object.values((rows as Record<string, unknown>[])[0] ?? {})[0]);
  };
  const found = {
    invoices: await one('SELECT COUNT(*) FROM invoice'),
    baseline: await one(
      "SELECT COUNT(*) FROM shard_ledger WHERE direction = 'baseline' AND migration LIKE 'Step%'",
    ),
    run: await one("SELECT COUNT(*) FROM shard_ledger WHERE direction = 'up'"),
    typeorm: await one('SELECT COUNT(*) FROM migrations'),
  };
  await connection.end();
  console.log(`   ${shard}  ${JSON.stringify(found)}`);
  const right = { invoices, baseline: 40, run: 0, typeorm: 40 };
  if (JSON.stringify(found) !== JSON.stringify(right)) {
    throw new Error(`expected ${JSON.stringify(right)}`);
  }
}
