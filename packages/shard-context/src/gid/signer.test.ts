import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GlobalIdSigner, parseGlobalId } from './index.ts';

const newKey = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });
const [old, current, stranger] = [newKey('2025'), newKey('2026'), newKey('x')];
const value = parseGlobalId('gid://acme/Account/7?shard=us1&tenant=t_1&e=3');
let clock = 1_800_000_000_000;
const now = () => clock;
const signer = new GlobalIdSigner({ signing: current, verifying: [old], now });
const purpose = 'download';
const refused = expect.objectContaining({ code: 'GLOBAL_ID_SIGNATURE_INVALID' });

describe('a signed global ID', () => {
  const text = signer.sign(value, { purpose, expires: 'never' });

  it('comes back as the value that was signed', () => {
    expect(signer.verify(text, { purpose })).toEqual(value);
  });

  it('is refused for another purpose', () => {
    expect(() => signer.verify(text, { purpose: 'upload' })).toThrow(refused);
  });

  it('is refused when any one character is another', () => {
    for (let i = 0; i < text.length; i++) {
      const other = text[i] === 'A' ? 'B' : 'A';
      const altered = text.slice(0, i) + other + text.slice(i + 1);
      expect(() => signer.verify(altered, { purpose }), altered).toThrow(refused);
    }
  });

  it('is refused when it was signed by an unknown key', () => {
    const forged = new GlobalIdSigner({ signing: stranger }).sign(value, {
      purpose,
      expires: 'never',
    });
    expect(() => signer.verify(forged, { purpose })).toThrow(refused);
  });

  it('is refused when an unknown key borrows the id of a known one', () => {
    const impostor = new GlobalIdSigner({ signing: { ...stranger, id: current.id } });
    const forged = impostor.sign(value, { purpose, expires: 'never' });
    expect(() => signer.verify(forged, { purpose })).toThrow(refused);
  });

  it('is refused from the moment it expires, and not before', () => {
    const short = signer.sign(value, { purpose, expiresInMs: 1000 });
    const dated = signer.sign(value, { purpose, expiresAt: new Date(clock + 1000) });
    clock += 999;
    expect(signer.verify(short, { purpose })).toEqual(value);
    clock += 1;
    expect(() => signer.verify(short, { purpose })).toThrow(refused);
    expect(() => signer.verify(dated, { purpose })).toThrow(refused);
  });

  it('is accepted from a key that was rotated out of signing', () => {
    const before = new GlobalIdSigner({ signing: old, now });
    expect(signer.verify(before.sign(value, { purpose, expires: 'never' }), { purpose })).toEqual(
      value,
    );
  });

  it('is refused by model only when the signature is good', () => {
    expect(() => signer.verify(text, { purpose, models: ['Document'] })).toThrow(
      expect.objectContaining({ code: 'GLOBAL_ID_MODEL_REFUSED' }),
    );
    expect(() => signer.verify(`${text}A`, { purpose, models: ['Document'] })).toThrow(refused);
    expect(signer.verify(text, { purpose, models: ['Account'] })).toEqual(value);
  });

  it('is refused, and nothing crashes, when it is not text', () => {
    for (const junk of [undefined, null, 5, {}, '', 'gid://', 'x'.repeat(100_000)]) {
      expect(() => signer.verify(junk as string, { purpose })).toThrow(refused);
    }
  });
});

describe('options of a signature that are wrong', () => {
  const invalid = (problem: string) =>
    expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem });
  type Signing = Parameters<GlobalIdSigner['sign']>[1];

  it.each<[string, object]>([
    ['none', {}],
    ['undefined', { expires: undefined }],
    ['another word', { expires: 'soon' }],
    ['two at once', { expires: 'never', expiresInMs: 1 }],
    ['no date', { expiresAt: new Date('never') }],
    ['a text for a date', { expiresAt: '2030-01-01' }],
    ['a text for a number', { expiresInMs: '1000' }],
    ['no number', { expiresInMs: Number.NaN }],
    ['a time that is over', { expiresInMs: -1 }],
  ])('fail closed: %s for the expiry', (_what, expiry) => {
    expect(() => signer.sign(value, { purpose, ...expiry } as Signing)).toThrow(invalid('expiry'));
  });

  it.each([undefined, '', 5, 'a\nb'])('fail closed: %j for the purpose', (wrong) => {
    const options = { purpose: wrong as string, expires: 'never' } as const;
    expect(() => signer.sign(value, options)).toThrow(invalid('purpose'));
    expect(() => signer.verify(signer.sign(value, { purpose, expires: 'never' }), options)).toThrow(
      invalid('purpose'),
    );
  });

  it('give nothing a longer life than was asked for', () => {
    const short = signer.sign(value, { purpose, expiresInMs: 100 });
    clock += 99;
    expect(signer.verify(short, { purpose })).toEqual(value);
    clock += 1;
    expect(() => signer.verify(short, { purpose })).toThrow(refused);
  });
});

describe('a signer', () => {
  const bad = expect.objectContaining({ code: 'GLOBAL_ID_KEY_INVALID' });

  it.each([
    ['a Buffer', randomBytes(32)],
    ['a short key', createSecretKey(randomBytes(16))],
    ['nothing', undefined],
  ])('is refused with %s for a key', (_, key) => {
    expect(() => new GlobalIdSigner({ signing: { id: 'a', key: key as never } })).toThrow(bad);
  });

  it('is refused with two keys of one id', () => {
    const verifying = [{ ...stranger, id: current.id }];
    expect(() => new GlobalIdSigner({ signing: current, verifying })).toThrow(bad);
  });

  it('is refused an expiry that is no moment', () => {
    expect(() => signer.sign(value, { purpose, expiresAt: new Date(NaN) })).toThrow(
      expect.objectContaining({ code: 'GLOBAL_ID_INVALID', problem: 'expiry' }),
    );
  });
});
