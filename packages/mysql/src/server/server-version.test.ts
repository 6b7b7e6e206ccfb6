import { expect, it } from 'vitest';
import { isAtLeast } from './server-version.ts';

it.each([
  ['10.11.19-MariaDB-0+deb12u1', '10.11', true],
  ['10.11.19-MariaDB-0+deb12u1', '10.11.20', false],
  ['10.3.0-MariaDB', '10.11.0', false],
  ['9.7.4', '8.0.29', true],
  ['8.0.4-rc-log', '8.0.4', true],
  ['9', '9.0.1', false],
  ['', '0', true],
])('a server that says %j is at least %s: %s', (version, minimum, answer) => {
  expect(isAtLeast(version, minimum)).toBe(answer);
});
