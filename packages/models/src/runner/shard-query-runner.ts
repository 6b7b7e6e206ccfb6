import {
  channels,
  currentFrame,
  isSwitchyardError,
  type Frame,
  type Place,
  type Role,
} from '@switchyard/shard-context';
import { reportLateUse, runInFrame, samePlace } from '@switchyard/shard-context/internal';
import type { CompiledRows, PooledConnection } from '@switchyard/mysql/internal';
import type { ObjectLiteral, ReplicationMode } from 'typeorm';
import { QueryRunnerAlreadyReleasedError, TransactionNotStartedError } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { IsolationLevel } from 'typeorm/driver/types/IsolationLevel.js';
import { validateIsolationLevel } from 'typeorm/driver/validate-isolation-level.js';
import type { ReadStream } from 'typeorm/platform/PlatformTools.js';
import type { PlacedRunner } from '../record-rules.ts';
import type { Statement } from '../statements/classify.ts';
import { classifyStatement } from '../statements/statement-cache.ts';
import { beginTransaction, commitTransaction, type Sender } from './begin-and-commit.ts';
import { failureOfStatement, refuseEndedFence } from './after-statement.ts';
import { boundStream } from './bound-stream.ts';
import { OwnTablesQueryRunner } from './own-tables.ts';
import {
  OutcomeUnknownError,
  RunnerMisplacedError,
  TransactionPoisonedError,
} from './runner-errors.ts';
import { mayWrite, refuseStatement } from './statement-rules.ts';
import { TransactionEnds } from './transaction-ends.ts';
import { RunnerConnection } from './runner-connection.ts';
import type { RunnerHome } from './runner-home.ts';
import { sendCompiled, type CompiledStatement, type CompiledValues } from './send-compiled.ts';
import { TransactionState } from './transaction-state.ts';

/** What TypeORM's runner answers: a raw or structured result, which TypeORM types loosely. */
type Answer = ReturnType<OwnTablesQueryRunner['query']>;
type Parameters = ObjectLiteral | undefined;
type TransactionOutcome = 'committed' | 'rolledBack' | 'unknown';

/**
 * TypeORM's runner, bound for life to the place where it was made. It begins a tenant's
 * transactions by the fence, lifts a tenant's autocommit writes into fenced transactions, and
 * refuses to be used anywhere else.
 */
export class ShardQueryRunner extends OwnTablesQueryRunner implements PlacedRunner {
  readonly place: Place;
  readonly #home: RunnerHome;
  readonly #state = new TransactionState();
  readonly #link: RunnerConnection;
  #released = false;
  readonly #ends = new TransactionEnds();

  constructor(driver: MysqlDriver, mode: ReplicationMode, home: RunnerHome) {
    super(driver, mode);
    Object.assign(this, { dataSource: home.dataSource });
    this.place = home.place;
    this.#home = home;
    this.#link = new RunnerConnection(home);
  }

  /** The pooled connection, taken at the first call. */
  override connect(): Promise<PooledConnection> {
    return this.#link.take(this.#wantedRole());
  }

  /** Gives the connection back, after the statements that no one awaited. */
  override release(): Promise<void> {
    if (this.#released) return Promise.resolve();
    this.#released = true;
    if (this.#state.isBusy) void this.#state.idle().then(() => this.#giveBack());
    else this.#giveBack();
    return Promise.resolve();
  }

  override async startTransaction(isolationLevel?: IsolationLevel): Promise<void> {
    if (this.#isElsewhere()) return this.#athome(() => this.startTransaction(isolationLevel));
    this.#refuseUse('begin a transaction');
    if (this.transactionDepth > 0) return this.#startNested(isolationLevel);
    const level = isolationLevel ?? this.dataSource.options.isolationLevel;
    validateIsolationLevel(this.driver.supportedIsolationLevels, level as IsolationLevel);
    this.isTransactionActive = true;
    try {
      await this.broadcaster.broadcast('BeforeTransactionStart');
      await this.#state.during(this.#state.exclusive(() => this.#begin(level as IsolationLevel)));
    } catch (error) {
      this.isTransactionActive = false;
      throw error;
    }
    await this.broadcaster.broadcast('AfterTransactionStart');
  }

  override async commitTransaction(): Promise<void> {
    if (this.#isElsewhere()) return this.#athome(() => this.commitTransaction());
    if (!this.isTransactionActive) throw new TransactionNotStartedError();
    this.#refuseUse('commit a transaction');
    if (this.transactionDepth > 1) return this.#commitNested();
    await this.broadcaster.broadcast('BeforeTransactionCommit');
    await this.#state.idle();
    this.#refusePoisoned('commit a transaction');
    await this.#state.during(this.#commit());
    await this.broadcaster.broadcast('AfterTransactionCommit');
  }

  override async rollbackTransaction(): Promise<void> {
    if (this.#isElsewhere()) return this.#athome(() => this.rollbackTransaction());
    if (!this.isTransactionActive) throw new TransactionNotStartedError();
    if (this.transactionDepth > 1) return this.#rollbackNested();
    await this.broadcaster.broadcast('BeforeTransactionRollback');
    await this.#state.idle();
    await this.#state.during(this.#rollback());
    await this.broadcaster.broadcast('AfterTransactionRollback');
  }

  override async query(sql: string, parameters?: Parameters, structured = false): Answer {
    if (this.#isElsewhere()) return this.#athome(() => this.query(sql, parameters, structured));
    const statement = classifyStatement(sql);
    this.#refuse(statement, sql);
    while (this.#state.transition !== undefined) await this.#state.transition;
    const send = () => super.query(sql, parameters, structured);
    if (!this.#mustLift(statement)) return this.#send(statement, send);
    return this.#state.exclusive(() => this.#lifted(statement, send));
  }

  /** Runs a read that was compiled before, with the rules of `query`. @internal */
  async read(compiled: CompiledStatement, values: CompiledValues): Promise<CompiledRows> {
    if (this.#isElsewhere()) return this.#athome(() => this.read(compiled, values));
    this.#refuse(compiled.statement, compiled.sql);
    while (this.#state.transition !== undefined) await this.#state.transition;
    const send = () => sendCompiled(this, this.dataSource.logger, compiled, values);
    return this.#send(compiled.statement, send);
  }

  override async stream(
    sql: string,
    parameters?: unknown[],
    onEnd?: () => void,
    onError?: (error: Error) => void,
  ): Promise<ReadStream> {
    if (this.#isElsewhere())
      return this.#athome(() => this.stream(sql, parameters, onEnd, onError));
    const statement = classifyStatement(sql);
    this.#refuse(statement, sql);
    if (this.#mustLift(statement)) await this.startTransaction();
    const stream = await super.stream(sql, parameters, onEnd, onError);
    return boundStream(stream, this.#frame);
  }

  /** Runs `work` in the frame of this runner; free where the caller is there already. */
  inPlace<T>(work: () => T): T {
    return this.#isElsewhere() ? this.#athome(work) : work();
  }

  get #frame(): Frame | undefined {
    return currentFrame() ?? this.#home.frame;
  }

  get #isReadOnly(): boolean {
    return this.#home.frame?.readOnly === true || currentFrame()?.readOnly === true;
  }

  /** Runs its statements outside the pool's and TypeORM's own rules: BEGIN, COMMIT, ROLLBACK. */
  get #sender(): Sender {
    return {
      place: this.place,
      send: (sql, parameters) => this.#raw(sql, parameters),
      connection: () => this.#link.current,
    };
  }

  #raw(sql: string, parameters?: unknown[]): Promise<unknown> {
    return super.query(sql, parameters);
  }

  /** True where no place is set, so that the runner's own frame has to be entered. */
  #isElsewhere(): boolean {
    return this.#home.frame !== undefined && currentFrame()?.place === undefined;
  }

  #athome<T>(work: () => T): T {
    return runInFrame(this.#home.frame, work);
  }

  #wantedRole(): Role {
    const frame = this.#frame;
    const reads = this.mode === 'slave' && frame?.role === 'reader';
    return reads && !frame.activity.hasWritten ? 'reader' : 'writer';
  }

  #giveBack(): void {
    this.isReleased = true; // not before: TypeORM's own methods would leave a statement half-way
    const leftOpen = this.isTransactionActive;
    this.#transactionOver('rolledBack');
    this.#link.end(leftOpen);
  }

  #refuse(statement: Statement, sql: string): void {
    this.#refuseUse(statement.verb === '' ? 'run a statement' : `run ${statement.verb}`);
    this.#refusePoisoned(`run ${statement.verb}`);
    refuseStatement(statement, sql, { place: this.place, readOnly: this.#isReadOnly });
    if (this.place.tenant === undefined) this.#home.refuseUnfenced(statement, sql);
  }

  #refuseUse(attempted: string): void {
    if (this.#released) throw new QueryRunnerAlreadyReleasedError();
    const place = currentFrame()?.place;
    if (place !== undefined && place !== this.place && !samePlace(place, this.place)) {
      throw new RunnerMisplacedError(attempted, this.place, place);
    }
    if (this.#home.frame?.activity.closed === true) reportLateUse(this.#home.frame, attempted);
  }

  #refusePoisoned(attempted: string): void {
    if (this.#state.poison === undefined) return;
    throw new TransactionPoisonedError(attempted, this.place.shard, this.#state.poison);
  }

  #mustLift(statement: Statement): boolean {
    return this.place.tenant !== undefined && this.transactionDepth === 0 && mayWrite(statement);
  }

  async #begin(level: IsolationLevel | undefined): Promise<void> {
    await this.#link.becomeWriter();
    const readOnly = this.#isReadOnly;
    await beginTransaction(this.#sender, { level, readOnly });
    // At once, before any statement that waited for this goes on.
    this.#state.fenced = this.place.tenant !== undefined && !readOnly;
    this.transactionDepth = 1;
    this.#ends.begun(this.#frame);
  }

  async #commit(): Promise<void> {
    let outcome: TransactionOutcome = 'unknown';
    try {
      await commitTransaction(this.#sender, 'commit a transaction');
      outcome = 'committed';
    } catch (error) {
      if (!isSwitchyardError(error, OutcomeUnknownError.code)) outcome = 'rolledBack';
      throw error;
    } finally {
      this.#transactionOver(outcome);
    }
  }

  async #rollback(): Promise<void> {
    try {
      if (this.#link.current?.broken !== true) await this.#raw('ROLLBACK');
    } catch (error) {
      this.#link.break();
      throw error;
    } finally {
      this.#transactionOver('rolledBack');
    }
  }

  async #lifted<T>(statement: Statement, send: () => Promise<T>): Promise<T> {
    // A transaction may have begun while this waited for its turn: then it belongs to that one.
    if (!this.#mustLift(statement)) return this.#send(statement, send);
    await this.#link.becomeWriter();
    await beginTransaction(this.#sender, { level: undefined, readOnly: false });
    let answer: T;
    try {
      answer = await this.#send(statement, send, true);
    } catch (error) {
      await this.#raw('ROLLBACK').catch(() => {
        this.#link.break();
      });
      throw error;
    }
    await commitTransaction(this.#sender, `run ${statement.verb}`);
    return answer;
  }

  async #send<T>(statement: Statement, send: () => Promise<T>, lifted = false): Promise<T> {
    const sentAt = channels.query.hasSubscribers ? performance.now() : 0;
    this.#state.started();
    let failed = true;
    try {
      const writes = mayWrite(statement);
      if (writes && this.#link.role === 'reader') await this.#link.becomeWriter();
      if (statement.taints.length > 0) (await this.connect()).tainted = true;
      const answer = await send();
      failed = false;
      if (writes) this.#frame?.activity.wrote();
      if (lifted || this.#state.fenced) refuseEndedFence(answer, statement, this.place.shard);
      return answer;
    } catch (error) {
      throw this.#failed(error, statement, lifted);
    } finally {
      this.#state.finished();
      if (sentAt > 0) this.#publish(statement, sentAt, failed);
    }
  }

  #failed(error: unknown, statement: Statement, lifted: boolean): unknown {
    const inTransaction = this.isTransactionActive || lifted;
    const failure = failureOfStatement(error, statement, {
      place: this.place,
      inTransaction,
      connection: this.#link.current,
    });
    if (failure.endsTransaction && this.isTransactionActive) this.#state.poison = error;
    return failure.error;
  }

  #publish(statement: Statement, sentAt: number, failed: boolean): void {
    const { fleet, shard, tenant } = this.place;
    const durationMs = performance.now() - sentAt;
    const sent = { verb: statement.verb, durationMs, failed };
    channels.query.publish({ fleet, shard, tenant, role: this.#link.role, ...sent });
  }

  /**
   * Whoever fails to begin a nested transaction calls rollback all the same. That must undo the
   * nesting only: ended behind the outer function's back, what it writes next would be its own.
   */
  async #startNested(isolationLevel: IsolationLevel | undefined): Promise<void> {
    this.#ends.savepointBegun(this.#frame);
    try {
      await super.startTransaction(isolationLevel);
    } catch (error) {
      this.isTransactionActive = true;
      this.transactionDepth += 1;
      this.#state.poison ??= error;
      throw error;
    }
  }

  async #commitNested(): Promise<void> {
    await super.commitTransaction();
    this.#ends.savepointEnded('committed');
  }

  /** After a deadlock the savepoint is gone with the rest; only the depth is left to undo. */
  async #rollbackNested(): Promise<void> {
    this.#ends.savepointEnded('rolledBack'); // whatever comes of it: what it wrote is unwanted
    if (this.#state.poison === undefined) return super.rollbackTransaction();
    this.transactionDepth -= 1;
  }

  #transactionOver(outcome: TransactionOutcome): void {
    this.isTransactionActive = false;
    this.transactionDepth = 0;
    this.#state.fenced = false;
    this.#state.poison = undefined;
    this.#ends.ended(outcome);
  }
}
