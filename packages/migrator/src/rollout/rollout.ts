import { performance } from 'node:perf_hooks';
import type { Fleet } from './fleet.ts';
import type { Forecast, RolloutRequest } from './shard-forecast.ts';
import { clearAborts } from './fleet-control.ts';
import { RolloutHaltedError } from '../ledger/ledger-errors.ts';
import { Budget } from './budget.ts';
import type { OnEvent, ShardOutcome, ShardResult } from './events.ts';
import { failureOf, isUnreachable } from './failure.ts';
import { isHealthy } from './health.ts';
import { withDefaults, type FullPolicy, type Wave } from './rollout-policy.ts';
import { runShard } from './shard-run.ts';
import { ShardSession, type SessionOptions } from './shard-session.ts';
import { mayBegin } from './stop-policy.ts';
import { divideIntoWaves, type ShardSize } from './waves.ts';

/** What a rollout came to. */
export interface RolloutReport {
  readonly rollout: string;
  /** Why shards were left untouched, or undefined where none were. */
  readonly stopped: string | undefined;
  /** One per shard, in the order of the topology. */
  readonly outcomes: readonly ShardOutcome[];
}

/**
 * Carries out the fleet plan: the canary, then the waves, within the budgets. A shard that fails
 * stays pending and stops no one but what the stop policy says. Nothing is rolled back.
 */
export async function rollOut(
  fleet: Fleet,
  request: RolloutRequest,
  forecasts: readonly Forecast[],
  emit: OnEvent = () => undefined,
): Promise<RolloutReport> {
  return new Rollout(fleet, request, forecasts, emit).run();
}

class Rollout {
  readonly #fleet: Fleet;
  readonly #request: RolloutRequest;
  readonly #forecasts: readonly Forecast[];
  readonly #emit: OnEvent;
  readonly #policy: FullPolicy;
  readonly #budget: Budget;
  readonly #outcomes = new Map<string, ShardOutcome>();
  #stopped: string | undefined;

  constructor(
    fleet: Fleet,
    request: RolloutRequest,
    forecasts: readonly Forecast[],
    emit: OnEvent,
  ) {
    this.#fleet = fleet;
    this.#request = request;
    this.#forecasts = forecasts;
    this.#emit = emit;
    this.#policy = withDefaults(fleet.policy);
    this.#budget = new Budget(this.#policy);
  }

  async run(): Promise<RolloutReport> {
    const { rollout } = this.#fleet.author;
    await this.#heedAborts();
    for (const forecast of this.#forecasts) this.#settleBeforehand(forecast);
    this.#stopped ??= this.#withoutCanary();
    const waves = this.#waves();
    this.#emit({
      event: 'rollout-started',
      rollout,
      direction: this.#request.direction,
      waves: waves.map(({ name, shards }) => ({ name, shards: shards.map((s) => s.name) })),
    });
    for (const [i, wave] of waves.entries()) {
      await this.#runWave(wave);
      if (i < waves.length - 1) await this.#hold(wave);
    }
    if (this.#stopped !== undefined) {
      const reachable = this.#forecasts.filter(({ failure }) => failure === undefined);
      const aborted = reachable.map(({ shard }) => ({ shard, at: null }));
      await clearAborts(this.#fleet, aborted);
    }
    const outcomes = this.#forecasts.map(({ shard }) => this.#outcomeOf(shard.name));
    const report = { rollout, stopped: this.#stopped, outcomes };
    this.#emit({ event: 'rollout-ended', ...report });
    return report;
  }

  /** An abort from before the planning meant a run that is over; a later one means this run. */
  async #heedAborts(): Promise<void> {
    const asked = this.#forecasts.filter(({ control }) => control.asked === 'abort');
    const meant = asked.find(({ control }) => control.meanwhile);
    if (meant === undefined) {
      const seen = asked.map(({ shard, control }) => ({ shard, at: control.at }));
      return clearAborts(this.#fleet, seen);
    }
    const by = meant.control.by ?? 'someone';
    const failure = failureOf(new RolloutHaltedError(meant.shard.name, { control: 'abort', by }));
    this.#settle({ ...emptyOutcome(meant.shard.name, 'halted'), failure });
    this.#stopped = failure.message;
  }

  /** What needs no turn: nothing to do, not to be reached, refused. */
  #settleBeforehand({ shard, failure, refusals, pending, halfDone }: Forecast): void {
    const { name } = shard;
    if (this.#outcomes.has(name)) return;
    if (failure !== undefined) {
      const result = isUnreachable(failure) ? 'unreachable' : 'unplanned';
      this.#settle({ ...emptyOutcome(name, result), failure });
    } else if (refusals.length > 0) {
      this.#settle({ ...emptyOutcome(name, 'refused'), refusals });
    } else if (pending.length === 0 && halfDone === undefined) {
      this.#settle(emptyOutcome(name, 'nothing-to-do'));
    }
  }

  /** Why nothing may begin: someone named shards to be tried first, and one cannot be tried. */
  #withoutCanary(): string | undefined {
    for (const name of this.#policy.canary ?? []) {
      const result = this.#outcomes.get(name)?.result;
      if (result === 'unreachable' || result === 'unplanned' || result === 'refused') {
        return `the canary ${name} is ${result}, and nothing is tried on others before it`;
      }
    }
    return undefined;
  }

  #waves(): Wave[] {
    const due = this.#forecasts.filter(({ shard }) => !this.#outcomes.has(shard.name));
    // A shard that is half done goes first: its state is the one that may hold up the others.
    const sizes = new Map(
      due.map(({ shard, plans, halfDone }) => {
        const size = sizeOf(plans);
        return [shard.name, halfDone === undefined ? size : { ...size, rows: Infinity }];
      }),
    );
    return divideIntoWaves(
      due.map(({ shard }) => shard),
      this.#policy,
      this.#fleet.topology.shards.map(({ name }) => name),
      (shard) => sizes.get(shard) ?? { rows: 0, bytes: 0 },
    );
  }

  async #runWave(wave: Wave): Promise<void> {
    if (this.#stopped !== undefined) return;
    const names = wave.shards.map(({ name }) => name);
    this.#emit({ event: 'wave-started', wave: wave.name, shards: names });
    await Promise.all(
      wave.shards.map((shard) => this.#budget.run(shard, () => this.#runOne(wave, shard.name))),
    );
    const failed = names.filter((name) => this.#outcomeOf(name).result === 'failed').length;
    this.#emit({ event: 'wave-ended', wave: wave.name, failed });
    if (wave.name === 'canary' && failed > 0) this.#stopped ??= 'the canary failed';
  }

  async #runOne(wave: Wave, name: string): Promise<void> {
    const inWave = wave.shards.map((shard) => this.#outcomes.get(shard.name));
    this.#stopped ??= mayBegin(this.#policy.stop, [...this.#outcomes.values()], inWave);
    if (this.#stopped !== undefined) return;
    const forecast = this.#forecasts.find(({ shard }) => shard.name === name) as Forecast;
    const began = performance.now();
    const steps = forecast.plans.reduce((sum, plan) => sum + plan.steps.length, 0);
    this.#emit({ event: 'shard-started', shard: name, steps });
    const outcome = await this.#carryOut(forecast);
    this.#settle({ ...outcome, durationMs: Math.round(performance.now() - began) });
    if (outcome.result === 'halted') this.#stopped ??= outcome.failure?.message;
  }

  async #carryOut(forecast: Forecast): Promise<ShardOutcome> {
    const { shard, direction, plans, pending } = forecast;
    const fleet = this.#fleet;
    try {
      const end = await runShard(
        { shard, direction, plans, pending, files: fleet.migrations, planner: fleet.planner },
        this.#sessionOptions(),
      );
      return { ...emptyOutcome(shard.name, 'done'), ...end };
    } catch (error) {
      const failure = failureOf(error);
      const result = failure.code === 'ROLLOUT_HALTED' ? 'halted' : 'failed';
      return { ...emptyOutcome(shard.name, result), failure };
    }
  }

  async #hold(wave: Wave): Promise<void> {
    if (this.#stopped !== undefined) return;
    const { holdMs, healthCommand } = this.#policy;
    if (holdMs === 0 && healthCommand === undefined) return;
    const kept = await this.#keepOne(wave);
    if (holdMs > 0) this.#emit({ event: 'holding', wave: wave.name, holdMs });
    const exitCode = await isHealthy(wave, holdMs, healthCommand);
    await kept?.close();
    if (exitCode === 0) return;
    this.#emit({ event: 'health-failed', wave: wave.name, exitCode });
    this.#stopped = `the health command after ${wave.name} ended with ${exitCode}`;
  }

  /**
   * Keeps the lease of one of the wave's shards while no one is at work: by it, `abort` and `resume`
   * at another terminal see that this rollout is alive.
   */
  async #keepOne(wave: Wave): Promise<ShardSession | undefined> {
    for (const shard of wave.shards) {
      try {
        return await ShardSession.open(shard, this.#sessionOptions());
      } catch {
        continue; // it is held or has gone: the next one tells as much
      }
    }
    return undefined;
  }

  #sessionOptions(): SessionOptions {
    return {
      open: this.#fleet.open,
      author: this.#fleet.author,
      policy: this.#policy,
      emit: this.#emit,
      options: JSON.stringify(this.#request),
      atPoint: this.#fleet.atPoint,
    };
  }

  #settle(outcome: ShardOutcome): void {
    this.#outcomes.set(outcome.shard, outcome);
    this.#emit({ event: 'shard-ended', ...outcome });
  }

  #outcomeOf(shard: string): ShardOutcome {
    return this.#outcomes.get(shard) ?? emptyOutcome(shard, 'untouched');
  }
}

function sizeOf(plans: Forecast['plans']): ShardSize {
  const tables = new Map(
    plans.flatMap(({ steps }) => steps.map(({ table, rows, bytes }) => [table, { rows, bytes }])),
  );
  const sizes = [...tables.values()];
  return {
    rows: sizes.reduce((sum, { rows }) => sum + rows, 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function emptyOutcome(shard: string, result: ShardResult): ShardOutcome {
  return { shard, result, migrations: [], steps: 0, durationMs: 0, stallMs: 0 };
}
