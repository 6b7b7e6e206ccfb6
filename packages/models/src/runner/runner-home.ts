import type { Frame, Place, Role } from '@switchyard/shard-context';
import type { PooledConnection } from '@switchyard/mysql/internal';
import type { DataSource } from 'typeorm';
import type { Statement } from '../statements/classify.ts';

/** What a runner gets from the data source that makes it. */
export interface RunnerHome {
  /** Shown to events and managers: the router, or the child that was asked for explicitly. */
  readonly dataSource: DataSource;
  readonly place: Place;
  /** The frame in which the runner was made; undefined for explicit and reported use. */
  readonly frame: Frame | undefined;
  /** A connection of the shard. A reader is a wish: without one it is the writer. */
  acquire(role: Role): Promise<{ connection: PooledConnection; role: Role }>;
  /** @throws WriteNotFencedError where the write needs `unfenced` and has it not */
  refuseUnfenced(statement: Statement, sql: string): void;
}
