import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { prepareShard, ShardedDataSource } from '@switchyard/models';
import { identifyShard } from '@switchyard/mysql';
import { LockFile } from '@switchyard/shard-context';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  startFleet,
  startStatementGate,
  type Fleet,
  type GateSide,
  type StatementGate,
} from '../support/fleet/index.ts';
import type { ToolStart } from './tool-process.ts';

const TOOL = fileURLToPath(new URL('tool-process.ts', import.meta.url));

let fleet: Fleet;
let gate: StatementGate;
let tool: ChildProcess | undefined;
beforeAll(async () => {
  const address = async (server: { host: string; port: number }) => {
    gate = await startStatementGate(server);
    return gate;
  };
  fleet = await startFleet({ prepared: false, servers: 1, address });
});
afterEach(() => tool?.kill('SIGKILL'));
afterAll(async () => {
  await fleet?.stop();
  gate?.stop();
});

/** A file of its own for each look: what a process reads that starts now. */
const lockFile = () => new LockFile(fleet.lockFile.path, 'test');
const prepare = (shard: string) =>
  prepareShard({
    topology: fleet.topology,
    shard,
    lockFile: lockFile(),
    createDatabase: true,
  });

/** Starts the tool as a process. */
async function start(work: ToolStart['work'], shard: string): Promise<ChildProcess> {
  const servers = fleet.servers.map(({ credentials: _mine, ...server }) => server);
  const login = (await fleet.servers[0]!.credentials()) as ToolStart['login'];
  const { path } = fleet.lockFile;
  const told: ToolStart = { work, shard, lockFile: path, servers, shards: fleet.shards, login };
  const typescript = ['--conditions=source', '--import', import.meta.resolve('tsx')];
  const args = [...typescript, TOOL, JSON.stringify(told)];
  return (tool = spawn(process.execPath, args, { stdio: 'inherit' }));
}

/** `kill -9` of the tool while the server has not heard a statement, or has and the tool does not know. */
async function killAt(
  work: ToolStart['work'],
  shard: string,
  [statement, side]: readonly [string, GateSide],
): Promise<void> {
  const held = gate.hold(statement, side);
  const killed = await start(work, shard);
  const ended = once(killed, 'exit');
  const first = await Promise.race([held, ended.then(() => 'ended')]);
  expect(first, `ended before ${statement}`).toBeUndefined();
  killed.kill('SIGKILL');
  await ended;
  await gate.dropHeld();
}

/** What a service that starts now gets from a shard: its name, or the code of its refusal. */
async function serviceAt(shard: string): Promise<string> {
  const dataSource = new ShardedDataSource({ topology: fleet.topology, lockFile: lockFile() });
  await dataSource.initialize();
  try {
    const rows = await fleet.onShard(shard, () =>
      dataSource.query<{ name: string }[]>('SELECT name FROM shard_identity'),
    );
    return rows[0]!.name;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await dataSource.destroy();
  }
}

/** What a run that no one kills sends, apart from looks at what is there. */
async function sentBy(work: ToolStart['work'], shard: string): Promise<string[]> {
  const before = gate.seen.length;
  const [code] = (await once(await start(work, shard), 'exit')) as [number | null];
  expect(code).toBe(0);
  return gate.seen.slice(before).filter((sql) => !/^[^A-Z]*(SHOW|SELECT (name|1))/.test(sql));
}

/** Each statement, killed on both sides of it. */
const killsAt = (statements: readonly string[]) =>
  statements.flatMap((statement) =>
    (['before', 'after'] as const).map((side): [GateSide, string] => [side, statement]),
  );

describe('prepareShard(), killed', () => {
  const STATEMENTS = [
    'CREATE DATABASE',
    'GET_LOCK',
    'CREATE TABLE IF NOT EXISTS shard_identity',
    'CREATE TABLE IF NOT EXISTS shard_tenant (',
    'CREATE TABLE IF NOT EXISTS shard_tenant_counter',
    'INSERT IGNORE INTO shard_tenant_counter',
    'CREATE PROCEDURE',
    'INSERT INTO shard_identity',
    'RELEASE_LOCK',
  ];
  const database = () => fleet.topology.shard('us2').database;
  const wipe = async () => {
    await fleet.rows('us2', `DROP DATABASE IF EXISTS ${database()}`);
    await rm(fleet.lockFile.path, { force: true });
    await prepare('us1');
  };
  beforeEach(wipe);
  afterEach(() => fleet.rows('us2', `CREATE DATABASE IF NOT EXISTS ${database()}`));

  it.each(killsAt(STATEMENTS))(
    '%s the server ran %s, is completed by the next run, and until then the shard is refused',
    async (side, statement) => {
      await killAt('prepare', 'us2', [statement, side]);
      const isWritten = statement === 'RELEASE_LOCK';
      expect(Object.keys(await lockFile().entries())).toEqual(isWritten ? ['us1', 'us2'] : ['us1']);
      expect(await serviceAt('us2')).toBe(isWritten ? 'us2' : 'SHARD_NOT_PREPARED');
      expect(await serviceAt('us1')).toBe('us1');

      const isStamped = isWritten || (statement.startsWith('INSERT INTO') && side === 'after');
      const prepared = await prepare('us2');
      expect(prepared.stamped).toBe(!isStamped);
      await fleet.rows('us2', `USE ${database()}`);
      const rows = await fleet.rows('us2', 'SELECT name, uuid, incarnation FROM shard_identity');
      expect(rows).toEqual([{ name: 'us2', ...prepared.identity }]);
      expect(await lockFile().expected('us2')).toEqual(prepared.identity);
      await fleet.admit('us2', 't_1');
      await fleet.rows('us2', "CALL switchyard_begin_v1('t_1', 0, 1)");
      await fleet.rows('us2', 'ROLLBACK');
      expect(await serviceAt('us2')).toBe('us2');
    },
  );

  it('was killed here at each statement that changes anything', async () => {
    const sent = await sentBy('prepare', 'us2');
    expect(sent).toEqual(STATEMENTS.map((text) => expect.stringContaining(text) as unknown));
  });
});

describe('identifyShard(), killed', () => {
  const STATEMENTS = ['GET_LOCK', 'CREATE TABLE', 'ON DUPLICATE KEY UPDATE', 'RELEASE_LOCK'];
  beforeAll(async () => {
    await rm(fleet.lockFile.path, { force: true });
    for (const { name } of fleet.shards) {
      await fleet.rows(name, `USE ${fleet.topology.shard(name).database}`);
      await prepare(name);
    }
  });

  it.each(killsAt(STATEMENTS))(
    '%s the server ran %s, leaves the shard as it was, or refused until the next run',
    async (side, statement) => {
      const before = await lockFile().expected('us2');
      await killAt('identify', 'us2', [statement, side]);
      const isBetween = statement.startsWith('ON DUPLICATE') && side === 'after';
      expect(await serviceAt('us2')).toBe(isBetween ? 'SHARD_IDENTITY' : 'us2');
      expect(await serviceAt('us1')).toBe('us1');

      const { identity } = await identifyShard({
        topology: fleet.topology,
        shard: 'us2',
        lockFile: lockFile(),
      });
      expect(identity.uuid).toBe(before.uuid);
      expect(identity.incarnation).toBeGreaterThan(before.incarnation);
      expect(await lockFile().expected('us2')).toEqual(identity);
      expect(await serviceAt('us2')).toBe('us2');
    },
  );

  it('was killed here at each statement that changes anything', async () => {
    const sent = await sentBy('identify', 'us2');
    expect(sent).toEqual(STATEMENTS.map((text) => expect.stringContaining(text) as unknown));
  });
});
