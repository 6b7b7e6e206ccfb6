import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bindShard, currentFrame } from '../index.ts';
import { describeReport, probeContext, type ProbedUnit } from './index.ts';

describe('the context probe', () => {
  it('counts as kept what runs in the context of its unit', async () => {
    const report = await probeContext('await', async ({ look }) => {
      await turn();
      look();
    });
    expect(report).toEqual({
      name: 'await',
      units: 40,
      kept: 40,
      lost: 0,
      mixed: 0,
      unseen: 0,
      isSafe: true,
    });
    expect(describeReport(report)).toBe('await: 40 of 40 kept');
  });

  it('counts as mixed what a batcher runs in the context of its first caller', async () => {
    const load = batcher();
    const report = await probeContext('batcher', (unit) => load(unit));
    expect(report).toMatchObject({ kept: 1, mixed: 39, isSafe: false });
    expect(describeReport(report)).toBe('batcher: 1 of 40 kept, 39 mixed');
  });

  it('counts as lost what an emitter runs from outside every context', async () => {
    const emitter = new EventEmitter().setMaxListeners(0);
    const probe = probeContext('emitter', ({ look }) => void emitter.once('event', look));
    emitter.emit('event');
    expect(await probe).toMatchObject({ lost: 40, isSafe: false });
  });

  it('finds an emitter safe whose listeners are bound with bindShard', async () => {
    const emitter = new EventEmitter().setMaxListeners(0);
    const probe = probeContext(
      'emitter',
      ({ look }) => void emitter.once('event', bindShard(look)),
    );
    emitter.emit('event');
    expect(await probe).toMatchObject({ kept: 40, isSafe: true });
  });

  it('counts as unseen the units for which no code ran', async () => {
    const report = await probeContext('one in two', ({ index, look }) => index % 2 || look(), {
      units: 10,
    });
    expect(report).toMatchObject({ units: 10, kept: 5, unseen: 5, isSafe: false });
  });

  it('rejects with what the probed code throws', async () => {
    const boom = new TypeError('boom');
    const probe = probeContext('throws', () => {
      throw boom;
    });
    await expect(probe).rejects.toBe(boom);
  });

  it('leaves the caller’s context as it was', async () => {
    await probeContext('nothing', ({ look }) => look());
    expect(currentFrame()).toBeUndefined();
  });
});

/** The usual shape: gathers the calls of one turn, runs them together. */
function batcher(): (unit: ProbedUnit) => Promise<void> {
  const batch: { unit: ProbedUnit; done: () => void }[] = [];
  const runBatch = (): void => {
    for (const { unit, done } of batch.splice(0)) {
      unit.look();
      done();
    }
  };
  return (unit) =>
    new Promise((done) => {
      if (batch.length === 0) setImmediate(runBatch);
      batch.push({ unit, done });
    });
}
