import { describe, expect, it } from 'vitest';
import { originOf, setOrigin } from './origin.ts';

const place = Object.freeze({ fleet: 'f', shard: 'a', tenant: 't1', epoch: 1 });

class Account {
  id = 1;
  name = 'one';
}

describe('the origin of a record', () => {
  it('is unknown until it was noted', () => {
    expect(originOf(new Account())).toBeUndefined();
  });

  it('is remembered, and replaced by a later one', () => {
    const account = new Account();
    setOrigin(account, place);
    expect(originOf(account)).toBe(place);
    const later = { ...place, epoch: 2 };
    setOrigin(account, later);
    expect(originOf(account)).toBe(later);
  });

  it('shows in no keys, spread, JSON, clone or equality', () => {
    const account = new Account();
    setOrigin(account, place);
    expect(Reflect.ownKeys(account)).toEqual(['id', 'name']);
    expect(JSON.stringify(account)).toBe('{"id":1,"name":"one"}');
    expect(account).toEqual(new Account());
    expect(account).toStrictEqual(new Account());
    expect(originOf({ ...account })).toBeUndefined();
    expect(originOf(structuredClone(account))).toBeUndefined();
  });

  it('is kept by plain objects and frozen ones too', () => {
    const plain = Object.freeze({ id: 1 });
    setOrigin(plain, place);
    expect(originOf(plain)).toBe(place);
  });
});
