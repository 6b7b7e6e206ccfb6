import { setTimeout as pause } from 'node:timers/promises';
import { Directory, Router, TenantSwitch, type DirectoryStore } from '@switchyard/directory';
import { ShardTenantTable } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { KEY_HASH } from './fleet.ts';
import { emptyStore, reasonToSkip, STORES, type StoreUnderTest } from './stores.ts';

const SHORT_MS = 400;
const refused = { code: 'TENANT_SWITCH_REFUSED' };

let fleet: Fleet;
let table: ShardTenantTable;
beforeAll(async () => {
  fleet = await startFleet({ entities: [Account] });
  table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});

for (const name of STORES) {
  const reason = await reasonToSkip(name);
  const title = `a freeze, with the ${name} store${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await emptyStore(name);
    });
    afterAll(() => under?.dispose());

    let count = 0;
    /** A tenant on us1, a directory that can be cut off, and a mover with short times. */
    async function moving(times: { holdMs?: number; leaseMs?: number } = {}) {
      const { holdMs = 30_000 } = times;
      const { leaseMs = holdMs } = times;
      const tenant = `${name}-${(count += 1)}`;
      const line = { isCut: false };
      const directory = new Directory({
        store: cuttable(under.open(), line),
        topology: fleet.topology,
        keyHash: KEY_HASH,
        shardTenants: table,
        cache: { pollMs: 0 },
      });
      await directory.assign(tenant, { shard: 'us1' });
      const options = { directory, shardTenants: table, holdMs, leaseMs };
      const move = { tenant, source: 'us1', target: 'us2', mover: 'm1' };
      const router = new Router({ directory, context: fleet.context });
      const write = () =>
        router.onTenant(tenant, () => fleet.dataSource.transaction((of) => of.query('SELECT 1')), {
          repeatable: true,
        });
      const active = async () =>
        (await table.find(tenant))
          .filter(({ row }) => row.state === 'active')
          .map((it) => it.shard);
      return { tenant, line, directory, options, move, write, active };
    }

    it('is not joined by a second mover, which leaves all as it was', async () => {
      const { directory, options, move } = await moving();
      const frozen = await new TenantSwitch(options).freezeTenant(move);
      const second = { ...move, mover: 'm2' };
      const other = new TenantSwitch(options);
      await expect(other.freezeTenant(second)).rejects.toMatchObject(refused);
      await expect(other.switchTenant({ ...second, epoch: 2 })).rejects.toMatchObject(refused);
      await expect(other.thawTenant(second)).rejects.toMatchObject(refused);
      expect(await directory.readPlacement(move.tenant)).toEqual(frozen);
      expect(await table.read('us1', move.tenant)).toMatchObject({ state: 'frozen', mover: 'm1' });
    });

    it('ends by itself at its deadline, for whoever waits to write, and cannot be sealed then', async () => {
      const { tenant, directory, options, move, write, active } = await moving({
        holdMs: SHORT_MS,
      });
      const mover = new TenantSwitch(options);
      const { epoch } = await mover.freezeTenant(move);
      await write();
      const after = { shard: 'us1', state: 'active', epoch: epoch + 1 };
      expect(await directory.readPlacement(tenant)).toMatchObject(after);
      expect(await active()).toEqual(['us1']);
      const seal = { shard: 'us1', tenant, epoch, mover: 'm1' };
      await expect(table.seal(seal)).rejects.toMatchObject({ code: 'SHARD_TENANT_CONFLICT' });
      await expect(mover.switchTenant({ ...move, epoch })).rejects.toMatchObject(refused);
      expect(await active()).toEqual(['us1']);
    });

    it('is not sealed after its deadline, also where nothing has ended it yet', async () => {
      const { options, move, active } = await moving({ holdMs: SHORT_MS });
      const mover = new TenantSwitch(options);
      const { epoch } = await mover.freezeTenant(move);
      await pause(SHORT_MS + 50);
      await expect(mover.switchTenant({ ...move, epoch })).rejects.toMatchObject({
        code: 'SHARD_TENANT_CONFLICT',
      });
      expect(await active()).toEqual([]);
    });

    it('waits for a directory that is away, and goes on when it answers', async () => {
      const { directory, options, move, line } = await moving();
      const mover = new TenantSwitch({
        ...options,
        beforeStep: (step) => void (line.isCut ||= step.endsWith(':directory')),
      });
      const freezing = mover.freezeTenant(move);
      await expect.poll(() => line.isCut).toBe(true);
      await pause(300);
      line.isCut = false;
      const { epoch } = await freezing;
      const switching = mover.switchTenant({ ...move, epoch });
      await expect.poll(() => line.isCut).toBe(true);
      await pause(300);
      line.isCut = false;
      await switching;
      expect(await directory.readPlacement(move.tenant)).toMatchObject({ shard: 'us2' });
    });

    it('whose directory stays away ends without an operator when it is back', async () => {
      const { options, move, line, write, active } = await moving({ holdMs: SHORT_MS });
      const mover = new TenantSwitch({
        ...options,
        beforeStep: (step) => void (line.isCut ||= step === 'freeze:directory'),
      });
      await expect(mover.freezeTenant(move)).rejects.toMatchObject({
        code: 'DIRECTORY_UNAVAILABLE',
      });
      expect(await active()).toEqual([]);
      line.isCut = false;
      await write();
      expect(await active()).toEqual(['us1']);
    });

    it('that is sealed has no deadline: it ends after the lease of its mover, whose switch then fails', async () => {
      const { tenant, directory, options, move, active } = await moving({
        holdMs: SHORT_MS,
        leaseMs: 1_500,
      });
      let seal = () => {};
      const sealed = new Promise<void>((resolve) => (seal = resolve));
      let goOn = () => {};
      const paused = new Promise<void>((resolve) => (goOn = resolve));
      const mover = new TenantSwitch({
        ...options,
        beforeStep: async (step) => {
          if (step !== 'switch:directory') return;
          seal();
          await paused;
        },
      });
      const { epoch } = await mover.freezeTenant(move);
      const switching = mover.switchTenant({ ...move, epoch }).catch((error: unknown) => error);
      await sealed;
      await pause(SHORT_MS + 100);
      expect(await directory.settle(tenant)).toBeUndefined(); // its mover may be alive
      await expect(mover.thawTenant({ ...move, mover: undefined })).rejects.toMatchObject(refused);
      await expect
        .poll(() => directory.settle(tenant), { timeout: 5_000 })
        .toMatchObject({ shard: 'us1', state: 'active' });
      expect(await table.read('us2', tenant)).toMatchObject({ state: 'removed' });
      goOn();
      expect(await switching).toMatchObject({ code: 'PLACEMENT_CHANGED' });
      expect(await active()).toEqual(['us1']);
    });

    it('that was ended while the switch of its mover passed goes back: the target takes no writes', async () => {
      const { tenant, directory, options, move, active } = await moving({ leaseMs: SHORT_MS });
      const dying = new TenantSwitch({ ...options, beforeStep: dieBefore('switch:target') });
      const { epoch } = await dying.freezeTenant(move);
      await dying.switchTenant({ ...move, epoch }).catch(() => undefined);
      // Another process had begun to end the freeze, and was killed behind its first step.
      await table.remove({ shard: 'us2', tenant, fromEpoch: epoch, toEpoch: epoch + 1 });
      expect(await directory.readPlacement(tenant)).toMatchObject({ shard: 'us2' });
      expect(await directory.settle(tenant)).toMatchObject({ shard: 'us1', state: 'active' });
      expect(await active()).toEqual(['us1']);
    });

    it('whose mover died behind the point of no return is finished by whoever waits to write', async () => {
      const { tenant, directory, options, move, write, active } = await moving({
        leaseMs: SHORT_MS,
      });
      const dying = new TenantSwitch({ ...options, beforeStep: dieBefore('switch:target') });
      const { epoch } = await dying.freezeTenant(move);
      await dying.switchTenant({ ...move, epoch }).catch(() => undefined);
      await write();
      expect(await active()).toEqual(['us2']);
      await pause(SHORT_MS);
      await directory.settleAll();
      expect(await table.read('us1', tenant)).toMatchObject({ state: 'moved', movedTo: 'us2' });
    });

    it('is over where the target is active, whatever a directory says that has forgotten the switch', async () => {
      const { tenant, directory, options, move, active } = await moving({ leaseMs: SHORT_MS });
      const dying = new TenantSwitch({ ...options, beforeStep: dieBefore('switch:directory') });
      const { epoch } = await dying.freezeTenant(move);
      await dying.switchTenant({ ...move, epoch }).catch(() => undefined);
      // The switch itself was lost with a failover of the directory; its mover went on.
      await table.activate({ shard: 'us2', tenant, fromEpoch: epoch, toEpoch: epoch + 1 });
      await pause(SHORT_MS);
      expect(await directory.settle(tenant)).toMatchObject({ shard: 'us2', epoch: epoch + 1 });
      expect(await active()).toEqual(['us2']);
      expect(await table.read('us1', tenant)).toMatchObject({ state: 'moved' });
    });
  });
}

class Killed extends TypeError {}

function dieBefore(step: string) {
  return (at: string) => {
    if (at === step) throw new Killed();
  };
}

/** The store behind a line that a test may cut: every call then fails as a driver's would. */
function cuttable(store: DirectoryStore, line: { readonly isCut: boolean }): DirectoryStore {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (line.isCut) return Promise.reject(new TypeError('the line is cut'));
        return value.apply(target, args) as unknown;
      };
    },
  });
}
