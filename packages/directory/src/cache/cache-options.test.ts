import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { cacheSettings } from './cache-options.ts';

it('the default clock goes on, each time that it was read', async () => {
  const { clock } = cacheSettings();
  for (let turn = 0; turn < 3; turn++) {
    const before = clock.now();
    await expect.poll(() => clock.now(), { interval: 1 }).toBeGreaterThan(before);
  }
});

it('the default clock keeps no process alive', () => {
  const clock = new URL('./cache-options.ts', import.meta.url).href;
  const script = `const { clock } = (await import('${clock}')).cacheSettings();
    clock.now();
    setTimeout(() => clock.now(), 20);
    process.on('exit', () => console.log('ended'));`;
  const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'ended\n', stderr: '' });
});
