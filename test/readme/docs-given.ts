import type { Directory } from '@switchyard/directory';
import type { Sharded as Declaring, ShardedDataSource } from '@switchyard/models';
import type { Topology } from '@switchyard/shard-context';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Connection } from 'mysql2/promise';
import type { Logger } from 'pino';

// What the code on the pages of docs/ takes for granted: names that a reader's own program has.
// Only declared: those blocks are type-checked, not run.

/** A class with TypeORM's decorators. */
export declare class Account {
  id: string;
}

/** Some library that gathers calls and answers them together. */
export declare const batcher: {
  load(key: { index: number; look: () => unknown }): Promise<unknown>;
};

/** A plain connection to a shard. */
export declare const connection: Connection;
export declare const dataSource: ShardedDataSource;
export declare const directory: Directory;

/** Where the service's spans go. */
export declare const exporting: SpanProcessor;
export declare const logger: Logger;
export declare const topology: Topology;

/** For lines that show decorators alone. */
export declare const Sharded: typeof Declaring;

/** Verifies a token of the provider; `org_id` where one is chosen. */
export declare function verifySession(token: string): Promise<{ sub: string; org_id?: string }>;
