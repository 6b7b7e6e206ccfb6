import { channel, type Channel } from 'node:diagnostics_channel';
import type { EntityMetadata } from 'typeorm';

/** A call site that ran sharded work without a context, while `contextMissing` is `report`. */
export interface ContextMissing {
  /** Name of the entity whose table the statement names; undefined for other statements. */
  readonly model: string | undefined;
  /** The call site: its first line outside TypeORM and Switchyard. */
  readonly callSite: string;
  /** The whole stack, innermost first, one frame a line. */
  readonly stack: string;
}

/** Each call site once: `switchyard:context-missing`. */
export const contextMissingChannel = channel('switchyard:context-missing') as Channel<
  unknown,
  ContextMissing
>;

const STACK_FRAMES = 40;
/** Code that stands between the caller and us, on every path. */
const NOT_THE_CALLER =
  /node_modules[\\/]typeorm[\\/]|@switchyard[\\/]models|packages[\\/]models[\\/](src|dist)|node:/;

/** The call sites that still do not name their tenant; each is kept once. */
export class ContextMissingReports {
  readonly #byCallSite = new Map<string, ContextMissing>();

  /** The reports, in the order in which they were found. */
  get list(): readonly ContextMissing[] {
    return [...this.#byCallSite.values()];
  }

  /** Where the caller stands now. Kept until the statement is known. */
  captureStack(below: (...args: never[]) => unknown): string {
    const holder: { stack?: string } = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = STACK_FRAMES;
    Error.captureStackTrace(holder, below);
    Error.stackTraceLimit = limit;
    return (holder.stack ?? '').split('\n').slice(1).join('\n');
  }

  /** Reports the call site of `stack`, unless it was reported before. */
  note(stack: string, sql: string, metadatas: readonly EntityMetadata[]): void {
    const lines = stack.split('\n').map((line) => line.trim());
    const callSite = lines.find((line) => !NOT_THE_CALLER.test(line)) ?? lines[0] ?? '';
    if (this.#byCallSite.has(callSite)) return;
    const report: ContextMissing = Object.freeze({
      model: modelIn(sql, metadatas),
      callSite,
      stack,
    });
    this.#byCallSite.set(callSite, report);
    contextMissingChannel.publish(report);
  }
}

function modelIn(sql: string, metadatas: readonly EntityMetadata[]): string | undefined {
  const names = [...sql.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const known = new Map(metadatas.map((metadata) => [metadata.tableName, metadata.name]));
  return names.map((name) => known.get(name ?? '')).find((model) => model !== undefined);
}
