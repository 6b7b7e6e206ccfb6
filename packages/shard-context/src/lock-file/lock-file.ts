import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { SwitchyardError } from '../errors.ts';
import type { SessionDefinition } from '../session/session-definition.ts';
import { sessionProblems } from '../session/session-problems.ts';
import { publishInTurn } from './publish-in-turn.ts';

const FORMAT = 1;

/** The database that a shard's name stands for: `shard_identity` on the shard must hold these values. */
export interface ExpectedIdentity {
  /** Made when the shard was prepared; a copy of the database carries it too. */
  readonly uuid: string;
  /** Raised by `identify`, so that a restored older copy is distinguished from the real one. From 1. */
  readonly incarnation: number;
}

/** The lock file has no entry for the shard, so the expected database is not known. */
export class ShardNotPreparedError extends SwitchyardError {
  static override readonly code = 'SHARD_NOT_PREPARED';
  constructor(shard: string, file: string) {
    super({
      attempted: 'use a shard',
      shard,
      reason: `${file} has no entry for it`,
      remedy:
        'Run `switchyard prepare`, or `switchyard adopt` for a database in use, and deploy the file',
    });
  }
}

/** The lock file cannot be read, or is of another fleet or a newer format. Nothing was changed. */
export class LockFileInvalidError extends SwitchyardError {
  static override readonly code = 'LOCK_FILE_INVALID';
  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: `read ${file}`,
        reason,
        remedy: 'Restore the file from version control; only prepare, adopt and identify write it',
      },
      options,
    );
  }
}

/** The lock file names shards that the topology does not declare. Nothing was read. */
export class ShardsNotDeclaredError extends SwitchyardError {
  static override readonly code = 'SHARDS_NOT_DECLARED';
  /** Their names. */
  readonly shards: readonly string[];
  constructor(attempted: string, file: string, shards: readonly string[]) {
    super({
      attempted,
      reason: `${file} has ${shards.join(', ')}, which the topology does not declare: a run on all shards would silently leave them out`,
      remedy: 'Declare these shards, or name the shards that are meant',
    });
    this.shards = shards;
  }
}

interface Content {
  readonly format: number;
  readonly fleet: string;
  /** What sessions had when the first shard was adopted; a new fleet has none. */
  readonly session?: SessionDefinition;
  readonly shards: Readonly<Record<string, ExpectedIdentity>>;
}

/**
 * `switchyard.lock.json` beside the config: the expected uuid and incarnation of each shard. Kept
 * in version control; written only by `prepare`, `adopt` and `identify`.
 */
export class LockFile {
  readonly path: string;
  readonly fleet: string;
  #content: Promise<Content> | undefined;
  /** Inode, time and size of the file that was read: where they differ, the file was replaced. */
  #mark: string | undefined;
  #recording: Promise<unknown> = Promise.resolve();

  constructor(path: string | URL, fleet: string) {
    this.path = typeof path === 'string' ? path : fileURLToPath(path);
    this.fleet = fleet;
  }

  /**
   * The identity that the shard's database must have. Called for each new physical connection. The
   * file is read again where it was replaced, and where it has no entry for the shard.
   * @throws ShardNotPreparedError, LockFileInvalidError
   */
  async expected(shard: string): Promise<ExpectedIdentity> {
    const known = entryOf(await this.#current(), shard) ?? entryOf(await this.#read(true), shard);
    if (known === undefined) throw new ShardNotPreparedError(shard, this.path);
    return known;
  }

  /** All entries; empty where there is no file yet. @throws LockFileInvalidError */
  async entries(): Promise<Readonly<Record<string, ExpectedIdentity>>> {
    return (await this.#read(true)).shards;
  }

  /**
   * What sessions had on the database that was adopted; undefined for a new fleet. What the topology
   * declares comes before it. @throws LockFileInvalidError
   */
  async session(): Promise<SessionDefinition | undefined> {
    return (await this.#current()).session;
  }

  /**
   * Refuses an operation on *all* shards where the topology does not declare every shard of the file.
   * Costs one `stat` of the file.
   * @throws ShardsNotDeclaredError, LockFileInvalidError
   */
  async checkDeclared(attempted: string, topology: { has(shard: string): boolean }): Promise<void> {
    const names = Object.keys((await this.#current()).shards);
    const missing = names.filter((name) => !topology.has(name));
    if (missing.length > 0) throw new ShardsNotDeclaredError(attempted, this.path, missing);
  }

  /**
   * Adds or replaces entries. The file is replaced in one step: after a kill it is the old or the new
   * file. Calls wait for each other, also across processes, so that no entry is lost when several
   * shards are prepared at once. A process that was killed holds up the others for at most two seconds.
   * @throws LockFileInvalidError; nothing was changed
   */
  record(entries: Readonly<Record<string, ExpectedIdentity>>): Promise<void> {
    return this.#recordPart({ shards: entries });
  }

  /** Writes down what sessions have, in the way of `record`. @throws LockFileInvalidError */
  recordSession(session: SessionDefinition): Promise<void> {
    return this.#recordPart({ shards: {}, session });
  }

  #recordPart(part: Pick<Content, 'shards' | 'session'>): Promise<void> {
    const recorded = this.#recording.then(() => this.#replace(part));
    this.#recording = recorded.catch(() => undefined);
    return recorded;
  }

  async #replace(part: Pick<Content, 'shards' | 'session'>): Promise<void> {
    await publishInTurn(this.path, async () => {
      const before = await this.#read(true);
      const shards = { ...before.shards, ...part.shards };
      const session = part.session ?? before.session;
      const inOrder = Object.entries(shards).sort(([a], [b]) => (a < b ? -1 : 1));
      const content: Content = {
        format: FORMAT,
        fleet: this.fleet,
        ...(session !== undefined && { session }),
        shards: Object.fromEntries(inOrder),
      };
      return `${JSON.stringify(content, null, 2)}\n`;
    });
    this.#content = undefined;
  }

  /** The file's current content. While the file is missing, as in a deployment, its last content. */
  async #current(): Promise<Content> {
    const mark = await this.#markNow();
    return this.#read(mark !== undefined && mark !== this.#mark);
  }

  async #markNow(): Promise<string | undefined> {
    try {
      const { ino, mtimeNs, size } = await stat(this.path, { bigint: true });
      return `${ino} ${mtimeNs} ${size}`;
    } catch {
      return undefined; // the read itself reports what is wrong
    }
  }

  #read(fresh = false): Promise<Content> {
    if (fresh || this.#content === undefined) {
      const reading = this.#load();
      this.#content = reading;
      reading.catch(() => (this.#content = undefined)); // a failure is not remembered
    }
    return this.#content as Promise<Content>;
  }

  async #load(): Promise<Content> {
    let text: string;
    try {
      // Before the read: a file that is replaced during the read is then read once more.
      this.#mark = await this.#markNow();
      text = await readFile(this.path, 'utf8');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
        throw new LockFileInvalidError(this.path, 'it cannot be read', { cause });
      }
      return { format: FORMAT, fleet: this.fleet, shards: {} };
    }
    return this.#parse(text);
  }

  #parse(text: string): Content {
    let content: Content;
    try {
      content = JSON.parse(text) as Content;
    } catch (cause) {
      throw new LockFileInvalidError(this.path, 'it is not JSON', { cause });
    }
    if (content?.format !== FORMAT) {
      throw new LockFileInvalidError(this.path, `its format is not ${FORMAT}`);
    }
    if (content.fleet !== this.fleet) {
      throw new LockFileInvalidError(
        this.path,
        `it is of fleet ${content.fleet}, not ${this.fleet}`,
      );
    }
    if (!isEntries(content.shards)) {
      throw new LockFileInvalidError(this.path, 'its shards are not uuids and incarnations');
    }
    const [wrong] = sessionProblems(content.session);
    if (wrong !== undefined) {
      throw new LockFileInvalidError(this.path, `${wrong.field} ${wrong.problem}`);
    }
    return content;
  }
}

/** A shard may be called `constructor`: only the file's own entries count. */
function entryOf({ shards }: Content, shard: string): ExpectedIdentity | undefined {
  return Object.hasOwn(shards, shard) ? shards[shard] : undefined;
}

function isEntries(shards: unknown): boolean {
  if (typeof shards !== 'object' || shards === null || Array.isArray(shards)) return false;
  return Object.values(shards).every((entry: Partial<ExpectedIdentity> | null) => {
    return typeof entry?.uuid === 'string' && Number.isInteger(entry.incarnation);
  });
}
