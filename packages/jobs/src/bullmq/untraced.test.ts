import { Queue, SpanKind, Worker } from 'bullmq';
import { expect, it, vi } from 'vitest';
import { untraced } from './untraced.ts';

it.each([
  ['Queue', Queue],
  ['Worker', Worker],
])('is all that the trace of the installed BullMQ’s %s does without telemetry', async (_, type) => {
  const its = { opts: {}, name: 'q' } as never;
  const answer = Promise.resolve('done');
  const fn = vi.fn((...args: unknown[]) => (args.length === 0 ? answer : undefined));
  const traced = type.prototype.trace.call(its, SpanKind.INTERNAL, 'add', 'q', fn, 'metadata');
  expect(await traced).toBe('done');
  expect(await untraced(fn)).toBe('done');
  expect(fn).toHaveBeenCalledTimes(2);
  expect(Object.keys(its)).toEqual(['opts', 'name']);
});
