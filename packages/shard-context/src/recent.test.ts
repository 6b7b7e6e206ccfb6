import { expect, test } from 'vitest';
import { Recent } from './recent.ts';

test('has what was kept last for a name, and nothing before', () => {
  const recent = new Recent<string>();
  expect(recent.at('t_1')).toBeUndefined();
  expect(recent.keep('t_1', 'one')).toBe('one');
  recent.keep('t_2', 'two');
  expect([recent.at('t_1'), recent.at('t_2')]).toEqual(['one', 'two']);
  recent.keep('t_1', 'again');
  expect(recent.at('t_1')).toBe('again');
});

test('keeps most of half as many names as it has slots, whether numbered or random', () => {
  const numbered = Array.from({ length: 2048 }, (_, i) => `t_${i}`);
  const random = Array.from({ length: 2048 }, (_, i) => ((i * 2654435761) % 2 ** 32).toString(36));
  for (const names of [numbered, random]) {
    const recent = new Recent<string>();
    for (const name of names) recent.keep(name, name);
    expect(names.filter((name) => recent.at(name) === name).length).toBeGreaterThan(1229);
  }
});

test('takes any value for a name', () => {
  const recent = new Recent<number>();
  for (const name of [undefined, null, 5, {}, '', 'a', '\ud800']) {
    recent.keep(name, 1);
    expect(recent.at(name)).toBe(1);
  }
});
