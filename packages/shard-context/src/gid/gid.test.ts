import { describe, expect, it } from 'vitest';
import { canonicalKey, formatGlobalId, globalId, parseGlobalId, namesSameRecord } from './index.ts';
import type { GlobalId } from './index.ts';

const TEXT = 'gid://acme/Account/9223372036854775807?shard=us1&tenant=t_1&e=3';
const value = parseGlobalId(TEXT);

describe('the text of a global ID', () => {
  it('is read into a frozen value and written back unchanged', () => {
    expect(value).toEqual({
      fleet: 'acme',
      model: 'Account',
      id: ['9223372036854775807'],
      shard: 'us1',
      tenant: 't_1',
      epoch: 3,
    });
    expect(Object.isFrozen(value) && Object.isFrozen(value.id)).toBe(true);
    expect(formatGlobalId(value)).toBe(TEXT);
  });

  it.each([
    'gid://acme/Account/1?shard=us1',
    'gid://acme/Account/1?shard=us1&tenant=t_1',
    'gid://acme/Line/7/9223372036854775807?shard=us1',
    'gid://acme/Account/0190a6f2-7c4b-7cc5-9d55-3f1f5c1f8a11?shard=eu1&tenant=a%26b%3Dc&e=12',
    'gid://acme/Account/a%2Fb%3Fc/%C3%A9?shard=us1',
  ])('round-trips %s', (text) => {
    expect(formatGlobalId(parseGlobalId(text))).toBe(text);
  });

  it.each([
    ['scheme', 'GID://acme/Account/1?shard=us1'],
    ['scheme', ''],
    ['fleet', 'gid://Acme/Account/1?shard=us1'],
    ['model', 'gid://acme/1Account/1?shard=us1'],
    ['id', 'gid://acme/Account/?shard=us1'],
    ['id', 'gid://acme/Account?shard=us1'],
    ['shard', 'gid://acme/Account/1?shard=US1'],
    ['tenant', 'gid://acme/Account/1?shard=us1&tenant='],
    ['epoch', 'gid://acme/Account/1?shard=us1&e=1'],
    ['epoch', 'gid://acme/Account/1?shard=us1&tenant=t&e=01'],
    ['epoch', 'gid://acme/Account/1?shard=us1&tenant=t&e=9999999999999999'],
    ['parameter-unknown', 'gid://acme/Account/1?Shard=us1'],
    ['parameter-unknown', 'gid://acme/Account/1?shard=us1&sig=x'],
    ['parameter-unknown', 'gid://acme/Account/1?shard=us1&'],
    ['parameter-repeated', 'gid://acme/Account/1?shard=us1&shard=us2'],
    ['parameter-repeated', 'gid://acme/Account/1?shard=us1&tenant=a&tenant=b'],
    ['parameter-order', 'gid://acme/Account/1?tenant=a&shard=us1'],
    ['encoding', 'gid://acme/Account/%41?shard=us1'],
    ['encoding', 'gid://acme/Account/a%2fb?shard=us1'],
    ['encoding', 'gid://acme/Account/a b?shard=us1'],
    ['encoding', 'gid://acme/Account/1//2?shard=us1'],
    ['encoding', 'gid://acme/Account/1?shard=us1?x'],
    ['encoding', 'gid://acme/Account/%E0%A4%A?shard=us1'],
    ['id', `gid://acme/Account/${'1/'.repeat(20)}1?shard=us1`],
    ['too-long', `gid://acme/Account/${'1'.repeat(2048)}?shard=us1`],
    ['not-text', 5],
  ])('is refused with problem %s: %s', (problem, text) => {
    expect(() => parseGlobalId(text as string)).toThrow(
      expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem }),
    );
  });

  it.each([
    'gid://acme/Account/1',
    'gid://acme/Account/1?tenant=t_1',
    'gid://acme/Account/1?shard=',
  ])('is refused with GLOBAL_ID_SHARD_MISSING when it names no shard: %s', (text) => {
    expect(() => parseGlobalId(text)).toThrow(
      expect.objectContaining({ code: 'GLOBAL_ID_SHARD_MISSING' }),
    );
  });
});

describe('the texts of values that have parts in common', () => {
  const parts: Partial<GlobalId>[] = [
    {},
    { fleet: 'other' },
    { model: 'Line' },
    { id: ['8'] },
    { id: ['a/b'] },
    { id: ['7', '8'] },
    { shard: 'us2' },
    { epoch: 4 },
    { epoch: undefined },
    { tenant: 'a&b' },
    { tenant: 'us1' },
    { tenant: undefined, epoch: undefined },
    { tenant: undefined, epoch: undefined, shard: 't_1' },
  ];

  it('are those of their own values, in any order', () => {
    for (const part of [...parts, ...parts, ...[...parts].reverse()]) {
      const one = { ...value, ...part };
      expect(parseGlobalId(formatGlobalId(one))).toEqual(one);
    }
  });

  it('are refused where one part is wrong, though the others were written before', () => {
    formatGlobalId({ ...value });
    const wrong = { fleet: 'Acme', model: 'a-b', shard: 'US1', tenant: '', epoch: 0, id: [5] };
    for (const [part, broken] of Object.entries(wrong)) {
      expect(() => formatGlobalId({ ...value, [part]: broken }), part).toThrow(
        expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem: part }),
      );
    }
  });

  it('are refused by a typed error where a part is not of its type', () => {
    formatGlobalId({ ...value });
    for (const part of ['fleet', 'model', 'id', 'shard', 'tenant', 'epoch']) {
      for (const junk of [null, {}, true]) {
        expect(() => formatGlobalId({ ...value, [part]: junk }), `${part}: ${junk}`).toThrow(
          expect.objectContaining({ code: 'GLOBAL_ID_INVALID' }),
        );
      }
    }
    for (const part of ['fleet', 'model', 'id']) {
      expect(() => formatGlobalId({ ...value, [part]: undefined }), part).toThrow(
        expect.objectContaining({ code: 'GLOBAL_ID_INVALID' }),
      );
    }
    expect(() => formatGlobalId({ ...value, shard: undefined } as never)).toThrow(
      expect.objectContaining({ code: 'GLOBAL_ID_SHARD_MISSING' }),
    );
  });

  it('are refused where they are too long, whether or not the rest was written before', () => {
    for (const part of [{ id: ['1'.repeat(2048)] }, { tenant: 't'.repeat(2048) }]) {
      for (let turn = 0; turn < 2; turn++) {
        expect(() => formatGlobalId({ ...value, ...part })).toThrow(
          expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem: 'too-long' }),
        );
      }
    }
  });

  it('are written for more tenants than are kept', () => {
    for (let n = 0; n < 10_000; n++) {
      const one = { ...value, tenant: `t_${n}`, shard: `us${n % 7}` };
      expect(formatGlobalId(one)).toBe(`${canonicalKey(one)}?shard=us${n % 7}&tenant=t_${n}&e=3`);
    }
  });
});

describe('a global ID value', () => {
  it.each<[string, Partial<GlobalId>]>([
    ['fleet', { fleet: 'Acme' }],
    ['model', { model: 'a-b' }],
    ['id', { id: [] }],
    ['id', { id: [''] }],
    ['id', { id: ['\ud800'] }],
    ['shard', { shard: 'a/b' }],
    ['tenant', { tenant: '' }],
    ['epoch', { epoch: 0 }],
    ['epoch', { tenant: undefined }],
  ])('is refused with problem %s when made of %o', (problem, part) => {
    const broken = { ...value, ...part };
    const refusal = expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem });
    expect(() => globalId(broken)).toThrow(refusal);
    expect(() => formatGlobalId(broken)).toThrow(refusal);
  });
});

describe('the same record, seen in two places', () => {
  const moved = globalId({ ...value, shard: 'eu1', epoch: 4 });
  const shardLocal = (model: string) => model === 'Account';

  it('is recognised by namesSameRecord and has one canonical key', () => {
    expect(namesSameRecord(value, moved)).toBe(true);
    expect(canonicalKey(value)).toBe('gid://acme/Account/9223372036854775807');
    expect(canonicalKey(moved)).toBe(canonicalKey(value));
  });

  it('is another record where ids are unique on one shard only', () => {
    expect(namesSameRecord(value, moved, { shardLocal })).toBe(false);
    expect(canonicalKey(moved, { shardLocal })).not.toBe(canonicalKey(value, { shardLocal }));
  });

  it('is not confused with a composite id of the same characters', () => {
    const joined = globalId({ ...value, id: ['1/2'] });
    const composite = globalId({ ...value, id: ['1', '2'] });
    expect(namesSameRecord(joined, composite)).toBe(false);
    expect(canonicalKey(joined)).not.toBe(canonicalKey(composite));
  });
});
