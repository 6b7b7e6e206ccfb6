import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockFile } from './lock-file.ts';

const us1 = { uuid: 'uuid-1', incarnation: 1 };
const us2 = { uuid: 'uuid-2', incarnation: 1 };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'switchyard-lock-'));
  path = join(folder, 'switchyard.lock.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('the lock file', () => {
  it('gives back what was recorded, also by its URL and in another process', async () => {
    await new LockFile(path, 'f').record({ us1 });
    expect(await new LockFile(pathToFileURL(path), 'f').expected('us1')).toEqual(us1);
  });

  it('is empty where there is no file yet, and refuses a shard without an entry', async () => {
    const file = new LockFile(path, 'f');
    expect(await file.entries()).toEqual({});
    await expect(file.expected('us1')).rejects.toMatchObject({
      code: 'SHARD_NOT_PREPARED',
      shard: 'us1',
    });
    await expect(file.expected('constructor')).rejects.toMatchObject({
      code: 'SHARD_NOT_PREPARED',
    });
  });

  it('finds an entry that was written after it had been read', async () => {
    const running = new LockFile(path, 'f');
    await running.record({ us1 });
    await running.expected('us1');
    await new LockFile(path, 'f').record({ us2 });
    expect(await running.expected('us2')).toEqual(us2);
  });

  it('is read again where it was replaced, and goes on where it is gone for a moment', async () => {
    const running = new LockFile(path, 'f');
    await running.record({ us1 });
    await running.expected('us1');
    await new LockFile(path, 'f').record({ us1: { ...us1, incarnation: 2 } });
    expect(await running.expected('us1')).toEqual({ ...us1, incarnation: 2 });
    await rm(path);
    expect(await running.expected('us1')).toEqual({ ...us1, incarnation: 2 });
  });

  it('names the shards that a topology does not declare', async () => {
    const file = new LockFile(path, 'f');
    await file.record({ us1, us2 });
    await file.checkDeclared('read', { has: () => true });
    const some = file.checkDeclared('read', { has: (name) => name === 'us1' });
    await expect(some).rejects.toMatchObject({ code: 'SHARDS_NOT_DECLARED', shards: ['us2'] });
  });

  it('keeps all entries of shards that are recorded side by side', async () => {
    const file = new LockFile(path, 'f');
    const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
    await Promise.all(names.map((name) => file.record({ [name]: us1 })));
    expect(Object.keys(await file.entries()).sort()).toEqual(names.sort());
  });

  it('is sorted, ends with a line break and leaves no draft, so that it reads well in a diff', async () => {
    const file = new LockFile(path, 'f');
    await file.record({ us2 });
    await file.record({ us1 });
    const text = await readFile(path, 'utf8');
    expect(text).toBe(
      `${JSON.stringify({ format: 1, fleet: 'f', shards: { us1, us2 } }, null, 2)}\n`,
    );
    expect(await readdir(folder)).toEqual(['switchyard.lock.json']);
  });

  it('is replaced in one step: a reader sees the old or the new one at any time', async () => {
    const file = new LockFile(path, 'f');
    await file.record({ us1 });
    let writing = true;
    const writes = (async () => {
      for (let i = 2; i < 60; i += 1) await file.record({ us1: { ...us1, incarnation: i } });
      writing = false;
    })();
    let seen = 0;
    while (writing) {
      const { incarnation } = await new LockFile(path, 'f').expected('us1');
      expect(incarnation).toBeGreaterThanOrEqual(seen);
      seen = incarnation;
    }
    await writes;
    expect(await file.expected('us1')).toEqual({ ...us1, incarnation: 59 });
  });

  it.each([
    ['is of another fleet', { format: 1, fleet: 'other', shards: {} }],
    ['has a newer format', { format: 2, fleet: 'f', shards: {} }],
    ['has no shards', { format: 1, fleet: 'f' }],
    ['has an entry without an incarnation', { format: 1, fleet: 'f', shards: { us1: {} } }],
    ['is null', null],
  ])('is refused with LOCK_FILE_INVALID when it %s, and not written over', async (_, content) => {
    await writeFile(path, JSON.stringify(content));
    const file = new LockFile(path, 'f');
    const invalid = { code: 'LOCK_FILE_INVALID' };
    await expect(file.expected('us1')).rejects.toMatchObject(invalid);
    await expect(file.record({ us1 })).rejects.toMatchObject(invalid);
    expect(await readFile(path, 'utf8')).toBe(JSON.stringify(content));
  });

  it('is refused when it is not JSON, or cannot be read, with the reason as cause', async () => {
    await writeFile(path, '{"format": 1,');
    await expect(new LockFile(path, 'f').entries()).rejects.toMatchObject({
      code: 'LOCK_FILE_INVALID',
      cause: expect.any(SyntaxError) as unknown,
    });
    await expect(new LockFile(folder, 'f').entries()).rejects.toMatchObject({
      code: 'LOCK_FILE_INVALID',
      cause: { code: 'EISDIR' },
    });
  });

  it('heals without a restart: a failed read is not remembered', async () => {
    const file = new LockFile(path, 'f');
    await writeFile(path, 'half a fi');
    await expect(file.expected('us1')).rejects.toMatchObject({ code: 'LOCK_FILE_INVALID' });
    await rm(path);
    await file.record({ us1 });
    expect(await file.expected('us1')).toEqual(us1);
  });
});
