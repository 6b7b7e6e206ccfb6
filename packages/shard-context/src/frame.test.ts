import { describe, expect, it } from 'vitest';
import type { Place } from './index.ts';
import { describePlace, samePlace } from './internal.ts';

const place: Place = { fleet: 'f', shard: 'us1', tenant: 't_1', epoch: 3 };

describe('places', () => {
  it('are the same when fleet, shard, tenant and epoch are', () => {
    expect(samePlace(place, { ...place })).toBe(true);
    expect(samePlace(undefined, undefined)).toBe(true);
  });

  it.each([{ fleet: 'g' }, { shard: 'us2' }, { tenant: undefined }, { epoch: 4 }])(
    'differ by %o',
    (part) => {
      expect(samePlace(place, { ...place, ...part })).toBe(false);
      expect(samePlace(undefined, { ...place, ...part })).toBe(false);
    },
  );

  it('are named by shard, tenant and epoch in messages', () => {
    expect(describePlace(place)).toBe('us1 (tenant t_1, epoch 3)');
    expect(describePlace({ ...place, tenant: undefined, epoch: undefined })).toBe('us1');
    expect(describePlace(undefined)).toBe('no shard');
  });
});
