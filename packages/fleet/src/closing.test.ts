import { describe, expect, it } from 'vitest';
import { Closing } from './closing.ts';

describe('what a fleet has opened', () => {
  it('is closed once, users before what they use, whatever the order in which it was opened', async () => {
    const closed: string[] = [];
    const closing = new Closing('shop');
    const closable = (name: string) => ({
      close: async () => {
        await Promise.resolve();
        closed.push(name);
      },
    });
    for (const kind of ['tenant table', 'directory', 'data source', 'queue', 'worker'] as const) {
      closing.add(kind, closable(kind));
    }
    await Promise.all([closing.close(), closing.close()]);
    await closing.close();
    expect(closed).toEqual(['worker', 'queue', 'data source', 'directory', 'tenant table']);
  });

  it('is closed to the end where one of it fails, which is then told', async () => {
    const closing = new Closing('shop');
    let isClosed = false;
    const failure = new TypeError('it hangs');
    closing.add('worker', { close: () => Promise.reject(failure) });
    closing.add('directory', { close: async () => void (isClosed = true) });
    await expect(closing.close()).rejects.toMatchObject({
      code: 'FLEET_NOT_CLOSED',
      cause: failure,
    });
    expect(isClosed).toBe(true);
  });

  it('takes nothing more when it has begun to close', async () => {
    const closing = new Closing('shop');
    await closing.close();
    const late = { close: () => Promise.resolve() };
    expect(() => closing.add('queue', late)).toThrow(
      expect.objectContaining({ code: 'FLEET_USED' }),
    );
  });
});
