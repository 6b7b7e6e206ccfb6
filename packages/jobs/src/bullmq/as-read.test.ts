import { Queue, Worker } from 'bullmq';
import { expect, it } from 'vitest';
import { isAsRead } from './as-read.ts';

/** Protected methods, as anybody can have them at run time. */
const of = (type: { prototype: object }) => type.prototype as Record<string, unknown>;

it('is true of the methods of the installed BullMQ that we go round', () => {
  // When this fails after an upgrade: read the method and its callers anew, then add its digest.
  for (const name of ['add', 'addJob', 'trace'])
    expect([name, isAsRead(of(Queue)[name])]).toEqual([name, true]);
  for (const name of ['trace', 'nextJobFromJobData']) {
    expect([name, isAsRead(of(Worker)[name])]).toEqual([name, true]);
  }
});

it('is false of any other method, of one that calls it, and of none', () => {
  const { add } = of(Queue) as { add: (...args: unknown[]) => unknown };
  const watched = (...args: unknown[]) => add(...args);
  for (const other of [watched, of(Queue)['addBulk'], undefined])
    expect(isAsRead(other)).toBe(false);
});
