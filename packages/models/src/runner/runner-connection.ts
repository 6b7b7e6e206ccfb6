import type { Role } from '@switchyard/shard-context';
import type { PooledConnection } from '@switchyard/mysql/internal';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import type { RunnerHome } from './runner-home.ts';

/** The pooled connection of one runner: taken at the first statement, given back once. */
export class RunnerConnection {
  readonly #home: RunnerHome;
  #current: PooledConnection | undefined;
  #taking: Promise<PooledConnection> | undefined;
  #role: Role = 'writer';
  #ended = false;

  constructor(home: RunnerHome) {
    this.#home = home;
  }

  /** The connection, once it is taken. */
  get current(): PooledConnection | undefined {
    return this.#current;
  }

  /** The role of the endpoint that it leads to. */
  get role(): Role {
    return this.#role;
  }

  /** Takes it, once also where several ask at the same time; a failure is not remembered. */
  take(wanted: Role): Promise<PooledConnection> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    this.#taking ??= this.#take(wanted).finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  /** A reader's connection cannot take the transaction or the write that comes next. */
  async becomeWriter(): Promise<void> {
    if (this.#role === 'writer') return;
    this.giveBack();
    await this.take('writer');
  }

  /** Gives it back; `openTransaction` lets the pool's reset roll back an open transaction. */
  giveBack(openTransaction = false): void {
    const connection = this.#current;
    if (connection === undefined) return;
    this.#current = undefined;
    this.#role = 'writer';
    if (openTransaction) connection.tainted = true;
    connection.release();
  }

  /** Gives it back for good, also where it is only being taken now. */
  end(openTransaction: boolean): void {
    this.#ended = true;
    this.giveBack(openTransaction);
  }

  /** Keeps everyone from using it again. */
  break(): void {
    if (this.#current !== undefined) this.#current.broken = true;
  }

  async #take(wanted: Role): Promise<PooledConnection> {
    const { connection, role } = await this.#home.acquire(wanted);
    try {
      await this.#setAccess(connection);
    } catch (error) {
      connection.broken = true;
      connection.release();
      throw error;
    }
    if (this.#ended) {
      connection.release();
      throw new QueryRunnerAlreadyReleasedError();
    }
    this.#role = role;
    this.#current = connection;
    return connection;
  }

  /** The session itself refuses writes in a read-only context; switched only where it differs. */
  async #setAccess(connection: PooledConnection): Promise<void> {
    const readOnly = this.#home.frame?.readOnly === true;
    if (connection.readOnlySession === readOnly) return;
    const access = readOnly ? 'READ ONLY' : 'READ WRITE';
    await connection.promise().query(`SET SESSION TRANSACTION ${access}`);
    connection.readOnlySession = readOnly;
  }
}
