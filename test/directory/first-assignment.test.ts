import { Directory, Router } from '@switchyard/directory';
import { ShardTenantTable } from '@switchyard/models';
import type { PasswordCredentials, Placement } from '@switchyard/shard-context';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import type { AssignerStart } from './assigner-process.ts';
import { KEY_HASH } from './fleet.ts';
import { emptyStore, reasonToSkip, type StoreUnderTest } from './stores.ts';

const ASSIGNER = fileURLToPath(new URL('./assigner-process.ts', import.meta.url));
const RACES = 200;
const AT_ONCE = 20;

for (const name of ['mysql', 'mongodb'] as const) {
  const reason = await reasonToSkip(name);
  const title = `a first assignment in the ${name} store${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let fleet: Fleet;
    let under: StoreUnderTest;
    let table: ShardTenantTable;
    let directory: Directory;

    beforeAll(async () => {
      fleet = await startFleet({ shards: ['us1', 'us2'] });
      under = await emptyStore(name);
      table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
      directory = new Directory({
        store: under.open(),
        topology: fleet.topology,
        keyHash: KEY_HASH,
        shardTenants: table,
        cache: { pollMs: 0 },
      });
    });
    afterAll(async () => {
      await table.close();
      await under.dispose();
      await fleet.stop();
    });

    it(`is raced by two processes with different choices ${RACES} times: one placement, one row`, async () => {
      const racers = [await startAssigner(false), await startAssigner(false)] as const;
      const tenants = Array.from({ length: RACES }, (_, i) => `race-${i}`);
      for (let from = 0; from < RACES; from += AT_ONCE) {
        const some = tenants.slice(from, from + AT_ONCE);
        const [first, second] = await Promise.all([
          racers[0].assign(some, 'us1'),
          racers[1].assign(some, 'us2'),
        ]);
        expect(first).toEqual(second);
      }
      await Promise.all(racers.map((racer) => racer.end()));
      const shards = new Set<string>();
      for (const tenant of tenants) {
        const stored = (await directory.readPlacement(tenant))!;
        shards.add(stored.shard);
        expect(await rowsOf(tenant)).toEqual([
          { shard: stored.shard, state: 'active', epoch: stored.epoch },
        ]);
      }
      expect([...shards].sort()).toEqual(['us1', 'us2']); // or it was no race
    });

    it('that was killed between placement and shard row is completed by the next one', async () => {
      const dying = await startAssigner(true);
      await dying.assign(['half'], 'us2').catch(() => undefined);
      expect(await dying.signal()).toBe('SIGKILL');
      expect(await directory.readPlacement('half')).toMatchObject({ shard: 'us2', epoch: 1 });
      expect(await rowsOf('half')).toEqual([]);
      expect(await directory.assign('half', { shard: 'us1' })).toMatchObject({ shard: 'us2' });
      expect(await rowsOf('half')).toEqual([{ shard: 'us2', state: 'active', epoch: 1 }]);
    });

    it('that was killed half-way is completed by the first unit of work that is refused', async () => {
      const dying = await startAssigner(true);
      await dying.assign(['half-used'], 'us1').catch(() => undefined);
      expect(await dying.signal()).toBe('SIGKILL');
      expect(await rowsOf('half-used')).toEqual([]);
      const router = new Router({ directory, context: fleet.context });
      const write = () =>
        fleet.dataSource.transaction(async (manager) => {
          const [row] = await manager.query<{ one: number }[]>('SELECT 1 AS one');
          return Number(row?.one);
        });
      await expect(router.onTenant('half-used', write, { repeatable: true })).resolves.toBe(1);
      expect(await rowsOf('half-used')).toEqual([{ shard: 'us1', state: 'active', epoch: 1 }]);
    });

    async function rowsOf(tenant: string) {
      const found = [];
      for (const { name: shard } of fleet.topology.shards) {
        const sql = 'SELECT state, epoch FROM shard_tenant WHERE tenant = ?';
        for (const row of await fleet.rows(shard, sql, [tenant])) {
          found.push({ shard, state: row['state'], epoch: Number(row['epoch']) });
        }
      }
      return found;
    }

    async function startAssigner(dies: boolean) {
      const servers = await Promise.all(
        fleet.topology.servers.map(
          async ({ name: server, region, engine, writer, credentials }) => ({
            name: server,
            region,
            engine,
            writer,
            ...((await credentials()) as PasswordCredentials),
          }),
        ),
      );
      const shards = fleet.topology.shards.map((shard) => ({
        name: shard.name,
        ordinal: shard.ordinal,
        server: shard.server.name,
        database: shard.database,
      }));
      const store = under.childArgument!;
      const start: AssignerStart = { store, lockFile: fleet.lockFile.path, dies, servers, shards };
      const node = ['--conditions=source', '--import', 'tsx'];
      return new Assigner(
        spawn(process.execPath, [...node, ASSIGNER, JSON.stringify(start)], {
          stdio: ['pipe', 'pipe', 'inherit'],
        }),
      );
    }
  });
}

/** The other end of `assigner-process.ts`. */
class Assigner {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<unknown[]>;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#exit = once(child, 'exit');
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  /** Their placements, in order; rejects when the process dies before it has answered. */
  async assign(tenants: readonly string[], shard: string): Promise<Placement[]> {
    for (const tenant of tenants) {
      this.#child.stdin!.write(`${JSON.stringify({ tenant, shard })}\n`);
    }
    const placements: Placement[] = [];
    for (const tenant of tenants) {
      const line = await this.#lines.next();
      if (line.done === true) throw new TypeError(`no answer for ${tenant}`);
      placements.push(JSON.parse(line.value) as Placement);
    }
    return placements;
  }

  async signal(): Promise<unknown> {
    return (await this.#exit)[1];
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await this.#exit;
  }
}
