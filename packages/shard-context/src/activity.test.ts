import { describe, expect, it } from 'vitest';
import { Activity } from './activity.ts';

describe('the place where a scope was opened', () => {
  it('is the stack of the caller of the function that opened it', () => {
    const open = () => new Activity(undefined, open);
    expect(open().openedAt).toMatch(/activity\.test\.ts/);
  });

  it('is the name that an adapter gives it, where the stack would say nothing', () => {
    expect(new Activity(undefined, 'the restorer of a job').openedAt).toBe('the restorer of a job');
  });
});
