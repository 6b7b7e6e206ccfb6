import { currentFrame, unlocked, type SwitchyardError } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Currency } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

const SHARDS = ['us1', 'us2', 'eu1'];
const UNITS = 300;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: SHARDS,
    entities: [Currency],
    // Two connections for all shards of a server: each unit gets one that another has just left.
    server: { maxConnections: 2 },
  });
  for (const shard of SHARDS) {
    await fleet.rows(shard, "INSERT INTO currency (code, name) VALUES ('EUR', ?)", [shard]);
  }
});
afterAll(() => fleet?.stop());

const currencies = () => fleet.dataSource.getRepository(Currency);
const codeOf = (error: unknown) => (error as SwitchyardError).code;
const next = (shard: string) => SHARDS[(SHARDS.indexOf(shard) + 1) % SHARDS.length] as string;
const codeFor = (unit: number) => String(100 + unit); // the same on each shard that writes it

/** Ways in which a unit of work goes wrong; each answers what it was told. */
const FAILURES: ((shard: string, unit: number) => Promise<unknown>)[] = [
  // Rolled back by the code.
  (shard, unit) =>
    fleet.dataSource
      .transaction(async (manager) => {
        await manager.insert(Currency, { code: `x${unit % 90}`, name: `rolled back on ${shard}` });
        throw new RangeError('no');
      })
      .catch((error: unknown) => (error as Error).name),
  // Refused by the server.
  (shard) =>
    currencies()
      .insert({ code: 'EUR', name: `twice on ${shard}` })
      .catch(codeOf),
  // Refused by the lock.
  async (shard) => {
    try {
      return await fleet.onShard(next(shard), () => currencies().count());
    } catch (error) {
      return codeOf(error);
    }
  },
  // Refused by the runner: it was made elsewhere.
  async (shard) => {
    const runner = unlocked('a test', () =>
      fleet.onShard(next(shard), () => fleet.dataSource.createQueryRunner()),
    );
    const refused = await runner.query('SELECT 1').catch(codeOf);
    await runner.release();
    return refused;
  },
  // Not awaited: it ends after its scope.
  async (shard) => {
    void currencies()
      .findOneByOrFail({ code: 'EUR' })
      .then(({ name }) => late.push([shard, name]));
    return 'forgotten';
  },
];
const TOLD = ['RangeError', 'ER_DUP_ENTRY', 'SHARD_LOCKED', 'RUNNER_MISPLACED', 'forgotten'];
const late: [expected: string, seen: string][] = [];

/** What one unit saw that was not its own; empty when all was right. */
function work(unit: number): Promise<string[]> {
  const shard = SHARDS[unit % SHARDS.length] as string;
  return fleet.context.onShard(
    shard,
    async () => {
      const strays: string[] = [];
      const expectMine = async (when: string) => {
        const { name } = await currencies().findOneByOrFail({ code: 'EUR' });
        const place = currentFrame()?.place?.shard;
        if (name !== shard || place !== shard) strays.push(`${unit} ${when}: ${name} at ${place}`);
      };
      await expectMine('before');
      const way = Math.floor(unit / SHARDS.length) % FAILURES.length;
      const told = await FAILURES[way]?.(shard, unit);
      if (told !== TOLD[way]) strays.push(`${unit} was told ${String(told)}, not ${TOLD[way]}`);
      await expectMine('after');
      await currencies().insert({ code: codeFor(unit), name: shard });
      return strays;
    },
    { lock: true },
  );
}

describe('hundreds of units of work that fail in every way, on pools of two connections', () => {
  it('never read or write on another shard, before, in or after the failure', async () => {
    const strays = await Promise.all(Array.from({ length: UNITS }, (_, unit) => work(unit)));
    expect(strays.flat()).toEqual([]);
    await expect.poll(() => late.length).toBe(UNITS / FAILURES.length);
    expect(late.filter(([expected, seen]) => expected !== seen)).toEqual([]);
    for (const [i, shard] of SHARDS.entries()) {
      const rows = await fleet.rows(shard, 'SELECT code, name FROM currency ORDER BY code');
      const units = Array.from({ length: UNITS }, (_, unit) => unit).filter((u) => u % 3 === i);
      const written = units.map((unit) => ({ code: codeFor(unit), name: shard }));
      expect(rows).toEqual([...written, { code: 'EUR', name: shard }]);
    }
  });
});
