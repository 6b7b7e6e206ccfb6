import { Directory, TenantSwitch, type SwitchStep, type TenantMove } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_HASH, smallFleet } from './fleet.ts';
import { MemoryShardTenants } from './memory-shard-tenants.ts';

const MOVE: TenantMove = { tenant: 't', source: 'us1', target: 'us2', mover: 'm1' };
const STEPS: readonly SwitchStep[] = [
  'freeze:target',
  'freeze:source',
  'freeze:directory',
  'switch:seal',
  'switch:directory',
  'switch:target',
  'switch:source',
];

const DOES = [
  'freezeTenant',
  'switchTenant',
  'finishSwitch',
  'thawTenant',
  'settle',
  'settleAll',
] as const;

/** One thing that happens to the tenant, at once with the one before or after it. */
const ACTION = fc.record({
  does: fc.constantFrom(...DOES),
  mover: fc.constantFrom('m1', 'm2'),
  laterMs: fc.constantFrom(0, 0, 0, 40_000),
  source: fc.constantFrom('us1', 'us2', 'eu1'),
  target: fc.constantFrom('us1', 'us2', 'eu1'),
  diesBefore: fc.option(fc.constantFrom(...STEPS, 'thaw:target', 'thaw:directory', 'thaw:source'), {
    nil: undefined,
    freq: 2,
  }),
  atOnce: fc.boolean(),
});

class Killed extends TypeError {}

async function fleetWithTenant() {
  const shardTenants = new MemoryShardTenants();
  const store = new MemoryStore();
  const topology = smallFleet();
  const open = () =>
    new Directory({ store, topology, keyHash: KEY_HASH, shardTenants, cache: { maxEntries: 10 } });
  const directory = open();
  await directory.assign('t', { shard: 'us1' });
  const switchThatDiesBefore = (step?: SwitchStep) =>
    new TenantSwitch({
      directory: open(),
      shardTenants,
      beforeStep: (at) => {
        if (at === step) throw new Killed();
      },
    });
  return { directory, shardTenants, switchThatDiesBefore, open };
}

describe('a tenant that is switched to another shard', () => {
  it('has one active shard before, none while it is frozen, and the other one after', async () => {
    const { shardTenants, switchThatDiesBefore, directory } = await fleetWithTenant();
    const tenantSwitch = switchThatDiesBefore();
    expect(shardTenants.activeShards('t')).toEqual(['us1']);
    const frozen = await tenantSwitch.freezeTenant(MOVE);
    expect(frozen).toMatchObject({ shard: 'us1', state: 'frozen', epoch: 2 });
    expect(shardTenants.activeShards('t')).toEqual([]);
    const switched = await tenantSwitch.switchTenant({ ...MOVE, epoch: 2 });
    expect(switched).toMatchObject({ shard: 'us2', state: 'active', epoch: 3 });
    expect(shardTenants.activeShards('t')).toEqual(['us2']);
    expect(shardTenants.rows.get('us1/t')).toMatchObject({ state: 'moved', movedTo: 'us2' });
    expect(await directory.readPlacement('t')).toEqual(switched);
  });

  it('goes back to its shard under a new epoch when the move is given up', async () => {
    const { shardTenants, switchThatDiesBefore } = await fleetWithTenant();
    const tenantSwitch = switchThatDiesBefore();
    await tenantSwitch.freezeTenant(MOVE);
    const thawed = await tenantSwitch.thawTenant(MOVE);
    expect(thawed).toMatchObject({ shard: 'us1', state: 'active', epoch: 3 });
    expect(shardTenants.rows.get('us1/t')).toMatchObject({ state: 'active', epoch: 3 });
    await tenantSwitch.freezeTenant(MOVE);
    const frozen = { ...MOVE, epoch: 4 };
    expect(await tenantSwitch.switchTenant(frozen)).toMatchObject({ shard: 'us2', epoch: 5 });
  });

  it('may come back to a shard that it has left', async () => {
    const { shardTenants, switchThatDiesBefore } = await fleetWithTenant();
    const tenantSwitch = switchThatDiesBefore();
    const back = { tenant: 't', source: 'us2', target: 'us1', mover: 'm2' };
    for (const move of [MOVE, back, MOVE]) {
      const { epoch } = await tenantSwitch.freezeTenant(move);
      await tenantSwitch.switchTenant({ ...move, epoch });
      expect(shardTenants.activeShards('t')).toEqual([move.target]);
    }
  });

  for (const step of STEPS) {
    it(`finishes when the mover was killed before ${step} and is started again`, async () => {
      const { shardTenants, switchThatDiesBefore } = await fleetWithTenant();
      const dying = switchThatDiesBefore(step);
      const firstTry = (async () => {
        const { epoch } = await dying.freezeTenant(MOVE);
        await dying.switchTenant({ ...MOVE, epoch });
      })();
      await expect(firstTry).rejects.toBeInstanceOf(Killed);
      expect(shardTenants.activeShards('t').length).toBeLessThanOrEqual(1);
      const again = switchThatDiesBefore();
      if (step.startsWith('freeze')) await again.freezeTenant(MOVE);
      const end = await again.switchTenant({ ...MOVE, epoch: 2 });
      expect(end).toMatchObject({ shard: 'us2', epoch: 3 });
      expect(await again.finishSwitch(MOVE)).toEqual(end);
      expect(shardTenants.activeShards('t')).toEqual(['us2']);
    });
  }

  it.each(['switch:target', 'switch:source'] as const)(
    'is finished without its epoch when the mover was killed before %s',
    async (step) => {
      const { shardTenants, switchThatDiesBefore } = await fleetWithTenant();
      const { epoch } = await switchThatDiesBefore().freezeTenant(MOVE);
      const dying = switchThatDiesBefore(step).switchTenant({ ...MOVE, epoch });
      await expect(dying).rejects.toBeInstanceOf(Killed);
      expect(await switchThatDiesBefore().finishSwitch(MOVE)).toMatchObject({ shard: 'us2' });
      expect(shardTenants.activeShards('t')).toEqual(['us2']);
      expect(shardTenants.rows.get('us1/t')).toMatchObject({ state: 'moved' });
    },
  );

  for (const step of STEPS.slice(0, 4)) {
    it(`can be thawed when the mover was killed before ${step}`, async () => {
      const { shardTenants, switchThatDiesBefore, directory } = await fleetWithTenant();
      const dying = switchThatDiesBefore(step);
      await dying
        .freezeTenant(MOVE)
        .then(({ epoch }) => dying.switchTenant({ ...MOVE, epoch }))
        .catch(() => undefined);
      for (const dies of ['thaw:directory', 'thaw:source', undefined] as const) {
        await switchThatDiesBefore(dies)
          .thawTenant(MOVE)
          .catch(() => undefined);
      }
      expect(shardTenants.activeShards('t')).toEqual(['us1']);
      const placement = await directory.readPlacement('t');
      expect(placement).toMatchObject({ shard: 'us1', state: 'active' });
      expect(shardTenants.rows.get('us1/t')?.epoch).toBe(placement?.epoch);
    });
  }

  it('is not thawed past the point of no return', async () => {
    const { switchThatDiesBefore } = await fleetWithTenant();
    await switchThatDiesBefore().freezeTenant(MOVE);
    const dying = switchThatDiesBefore('switch:target').switchTenant({ ...MOVE, epoch: 2 });
    await expect(dying).rejects.toThrow();
    await expect(switchThatDiesBefore().thawTenant(MOVE)).rejects.toMatchObject({
      code: 'TENANT_SWITCH_REFUSED',
    });
  });

  it('is refused a switch that was not frozen, or to a region that is not allowed', async () => {
    const { switchThatDiesBefore, directory } = await fleetWithTenant();
    const tenantSwitch = switchThatDiesBefore();
    const refused = { code: 'TENANT_SWITCH_REFUSED' };
    const never = tenantSwitch.switchTenant({ ...MOVE, epoch: 1 });
    await expect(never).rejects.toMatchObject(refused);
    await expect(tenantSwitch.finishSwitch(MOVE)).rejects.toMatchObject(refused);
    await directory.assign('at-home', { shard: 'us1', allowedRegions: ['us'] });
    const abroad = { tenant: 'at-home', source: 'us1', target: 'eu1', mover: 'm1' };
    await expect(tenantSwitch.freezeTenant(abroad)).rejects.toMatchObject(refused);
    await expect(tenantSwitch.freezeTenant({ ...MOVE, target: 'us1' })).rejects.toMatchObject(
      refused,
    );
  });

  it('never has two active shards, whatever movers do, die and race, and has one in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ACTION, { minLength: 5, maxLength: 30 }), async (actions) => {
        const { shardTenants, switchThatDiesBefore, directory } = await fleetWithTenant();
        let running: Promise<unknown>[] = [];
        let highest = 1;
        for (const { does, source, target, mover, laterMs, diesBefore, atOnce } of actions) {
          shardTenants.now += laterMs;
          const tenantSwitch = switchThatDiesBefore(diesBefore as SwitchStep | undefined);
          const { epoch } = (await directory.readPlacement('t'))!;
          const move = { tenant: 't', source, target, epoch, mover };
          const acts =
            does === 'settle'
              ? directory.settle('t')
              : does === 'settleAll'
                ? directory.settleAll()
                : tenantSwitch[does](move);
          running.push(acts.catch(() => undefined));
          if (atOnce) continue;
          await Promise.all(running);
          running = [];
          const active = shardTenants.activeShards('t');
          expect(active.length).toBeLessThanOrEqual(1);
          const placement = (await directory.readPlacement('t'))!;
          expect(placement.epoch).toBeGreaterThanOrEqual(highest);
          highest = placement.epoch;
          const row = shardTenants.rows.get(`${active[0]}/t`);
          if (row !== undefined && placement.state === 'active' && placement.epoch === row.epoch) {
            expect(placement.shard).toBe(active[0]);
          }
        }
        await Promise.all(running);
        expect(shardTenants.activeShards('t').length).toBeLessThanOrEqual(1);
        shardTenants.now += 100_000;
        await directory.settle('t');
        expect(shardTenants.activeShards('t')).toEqual([
          (await directory.readPlacement('t'))!.shard,
        ]);
      }),
      { numRuns: 150 },
    );
  });
});
