import { describe, expect, it } from 'vitest';
import { ShardContext } from './shard-context.ts';
import { currentFrame } from './storage.ts';
import { TenantNames, type TenantNamesDefinition } from './tenant-names.ts';
import { defineTopology } from './topology.ts';

const credentials = () => ({ user: 'u', password: 'p' });
const fleetOf = (tenantNames?: TenantNamesDefinition) =>
  defineTopology({
    fleet: 'f',
    regions: ['us'],
    servers: [{ name: 'a', region: 'us', engine: 'mysql', writer: { host: 'h' }, credentials }],
    shards: [{ name: 'us1', ordinal: 1, server: 'a', database: 'd' }],
    ...(tenantNames !== undefined && { tenantNames }),
  });
const allowed = (definition: TenantNamesDefinition, names: readonly unknown[]) => {
  const rule = new TenantNames(definition);
  return names.filter((name) => rule.allows(name));
};

describe('the names that a fleet allows for tenants', () => {
  it('are by default words that every collation distinguishes', () => {
    const good = ['a', '0', 't_1', 'acme.eu:main-2', 'a'.repeat(63)];
    const bad = ['', 'ACME', 'acme ', ' acme', 'acmé', '_a', '-a', 'a/b', 'a\n', 'a'.repeat(64)];
    expect(allowed({}, [...good, ...bad, undefined, null, 5, ['a']])).toEqual(good);
  });

  it('are decimal numbers in one way of writing them', () => {
    const bad = ['041', '+1', '-1', '1.0', '1e3', '', ' 1', '1'.repeat(19)];
    expect(allowed({ form: 'number' }, ['0', '41', '9'.repeat(18), ...bad])).toEqual([
      '0',
      '41',
      '9'.repeat(18),
    ]);
  });

  it('are UUIDs in one way of writing them', () => {
    const uuid = '0190f6c2-7b1e-7c3a-9f00-aabbccddeeff';
    const bad = [uuid.toUpperCase(), uuid.replaceAll('-', ''), `{${uuid}}`];
    expect(allowed({ form: 'uuid' }, [uuid, ...bad])).toEqual([uuid]);
  });

  it('are of any script where a pattern alone decides, without what collations ignore', () => {
    const bad = ['Ä ', ' Ä', 'a\u0000', 'a\u200Eb', '\uD800', 'é'.repeat(32)];
    const definition = { pattern: /^.+$/s, anyCharacter: true, maxLength: 63 };
    expect(allowed(definition, ['Ä', 'ACME', 'a b', ...bad])).toEqual(['Ä', 'ACME', 'a b']);
  });

  it('are those that the narrowest column can keep', () => {
    const names = new TenantNames();
    names.narrow({ maxLength: 20, column: 'A.tenant (varchar)' });
    names.narrow({ maxLength: 40, column: 'B.tenant (varchar)' });
    expect(names.allows('a'.repeat(20))).toBe(true);
    expect(names.problemOf('a'.repeat(21))).toContain('A.tenant (varchar)');
    names.narrow({ form: 'number', maxLength: 9, column: 'C.tenant (int)' });
    expect(['41', '041', 'a'].map((name) => names.allows(name))).toEqual([true, false, false]);
  });

  it('are declared in the topology, which names what is wrong with them', () => {
    const wrong = [
      { form: 'words' },
      { pattern: /a/ },
      { pattern: /^a$/g },
      { maxLength: 256 },
      { anyCharacter: true },
    ] as TenantNamesDefinition[];
    for (const definition of wrong) {
      expect(() => fleetOf(definition)).toThrow(
        expect.objectContaining({ code: 'TOPOLOGY_INVALID' }),
      );
    }
  });
});

describe('the name of a tenant that is entered', () => {
  const enter = (tenant: unknown) =>
    new ShardContext(fleetOf()).onPlacement(
      { shard: 'us1', tenant: tenant as string, epoch: 1 },
      () => currentFrame()?.place?.tenant,
    );

  it('must be allowed; a refused name leaves the context as it was', () => {
    expect(enter('acme')).toBe('acme');
    for (const name of ['ACME', 'acme ', '', undefined]) {
      expect(() => enter(name)).toThrow(expect.objectContaining({ code: 'TENANT_NAME_REFUSED' }));
    }
    expect(currentFrame()).toBeUndefined();
  });

  it('is cut and escaped in the message', () => {
    const messageOf = (name: string) => {
      try {
        return String(enter(name));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf('x'.repeat(1_000_000)).length).toBeLessThan(500);
    const message = messageOf('a\u202E\n"b');
    expect(message).toMatch(/^[\x20-\x7e]+$/);
    expect(message).toContain('"a\\u202e\\n\\"b"');
  });
});
