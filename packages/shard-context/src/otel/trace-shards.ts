import { SpanKind, SpanStatusCode, trace, type Attributes, type Tracer } from '@opentelemetry/api';
import { channels, type Escape, type LateUse, type ShardQuery } from '../events.ts';
import { describePlace } from '../frame.ts';
import type { Topology } from '../topology.ts';

/** Options of `traceShards`. */
export interface TraceShardsOptions {
  /** Makes the spans. Default: the global provider's tracer `@switchyard/shard-context`. */
  readonly tracer?: Tracer;
}

/**
 * Publishes the messages of Switchyard's channels to OpenTelemetry: a client span for each statement,
 * with its shard, role and tenant (`switchyard.*`) and the server behind it (`db.*`, `server.*`), and
 * late use and named escapes as events of the active span. Spans never have the text or the values of
 * a statement. Together with an instrumentation of mysql2, each statement would have two spans: use
 * `shardSpanProcessor` alone then. Returns a function that stops it.
 */
export function traceShards(topology: Topology, options: TraceShardsOptions = {}): () => void {
  const tracer = options.tracer ?? trace.getTracer('@switchyard/shard-context');
  const queries = (message: unknown) => traceQuery(tracer, topology, message as ShardQuery);
  const lateUse = (message: unknown) => noteLateUse(message as LateUse);
  const escape = (message: unknown) => noteEscape(message as Escape);
  channels.query.subscribe(queries);
  channels.lateUse.subscribe(lateUse);
  channels.escape.subscribe(escape);
  return () => {
    channels.query.unsubscribe(queries);
    channels.lateUse.unsubscribe(lateUse);
    channels.escape.unsubscribe(escape);
  };
}

function traceQuery(tracer: Tracer, topology: Topology, query: ShardQuery): void {
  if (query.fleet !== topology.fleet) return; // of another fleet in the same process
  const end = Date.now();
  const span = tracer.startSpan(`${query.verb} ${query.shard}`, {
    kind: SpanKind.CLIENT,
    startTime: end - query.durationMs,
    attributes: queryAttributes(topology, query),
  });
  if (query.failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(end);
}

/** @see OpenTelemetry semantic conventions, "Database client spans" (stable since 1.33) */
function queryAttributes(topology: Topology, query: ShardQuery): Attributes {
  const attributes: Attributes = {
    'db.operation.name': query.verb,
    'switchyard.fleet': topology.fleet,
    'switchyard.shard': query.shard,
    'switchyard.role': query.role,
  };
  if (query.tenant !== undefined) attributes['switchyard.tenant'] = query.tenant;
  if (!topology.has(query.shard)) return attributes; // added to another process's topology
  const { server, database } = topology.shard(query.shard);
  attributes['db.system.name'] = server.engine;
  attributes['db.namespace'] = database;
  if (query.role === 'reader') return attributes; // the message does not tell which of the readers it was
  attributes['server.address'] = server.writer.host;
  attributes['server.port'] = server.writer.port;
  return attributes;
}

function noteLateUse({ attempted, place, openedAt }: LateUse): void {
  trace.getActiveSpan()?.addEvent('switchyard.late_use', {
    'switchyard.attempted': attempted,
    'switchyard.place': describePlace(place),
    'switchyard.opened_at': openedAt,
  });
}

function noteEscape({ escape, reason, place }: Escape): void {
  trace.getActiveSpan()?.addEvent(`switchyard.${escape}`, {
    'switchyard.reason': reason,
    'switchyard.place': describePlace(place),
  });
}
