import { channel } from 'node:diagnostics_channel';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { currentFrame, onRole, ShardContext, Topology, unfenced } from '../index.ts';
import { reportLateUse } from '../internal.ts';
import { shardSpanProcessor, traceShards } from './index.ts';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({
  spanProcessors: [shardSpanProcessor(), new SimpleSpanProcessor(exporter)],
});
const tracer = provider.getTracer('test');
const topology = new Topology({
  fleet: 'f',
  regions: ['us'],
  servers: [
    {
      name: 's',
      region: 'us',
      engine: 'mariadb',
      writer: { host: 'db-1', port: 3307 },
      credentials: () => ({ user: 'u', password: 'p' }),
    },
  ],
  shards: [{ name: 'us1', ordinal: 1, server: 's', database: 'app' }],
});
const context = new ShardContext(topology);
const anna = { tenant: 't_a', shard: 'us1', epoch: 3 };
const query = {
  fleet: 'f',
  shard: 'us1',
  role: 'writer',
  tenant: 't_a',
  verb: 'SELECT',
  durationMs: 12,
  failed: false,
};

beforeAll(() => provider.register()); // the real context manager, as a service has it
afterEach(() => exporter.reset());
afterAll(() => provider.shutdown());

describe('shardSpanProcessor', () => {
  it('stamps spans started inside a context with fleet, shard, tenant, epoch and role', () => {
    context.onPlacement(anna, () => onRole('reader', () => tracer.startSpan('work').end()));
    expect(attributes()).toEqual({
      'switchyard.fleet': 'f',
      'switchyard.shard': 'us1',
      'switchyard.tenant': 't_a',
      'switchyard.epoch': 3,
      'switchyard.role': 'reader',
    });
  });

  it('leaves spans outside every context as they are', () => {
    tracer.startSpan('work').end();
    expect(attributes()).toEqual({});
  });
});

describe('traceShards', () => {
  let stop: () => void;
  beforeAll(() => (stop = traceShards(topology)));
  afterAll(() => stop());

  it('makes a client span of each statement, under the span that is active', () => {
    tracer.startActiveSpan('request', (request) => {
      channel('switchyard:query').publish(query);
      request.end();
    });
    const [span, request] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ name: 'SELECT us1', kind: SpanKind.CLIENT });
    expect(span?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(span?.duration).toEqual([0, 12e6]);
    expect(span?.attributes).toEqual({
      'db.operation.name': 'SELECT',
      'db.system.name': 'mariadb',
      'db.namespace': 'app',
      'server.address': 'db-1',
      'server.port': 3307,
      'switchyard.fleet': 'f',
      'switchyard.shard': 'us1',
      'switchyard.role': 'writer',
      'switchyard.tenant': 't_a',
    });
  });

  it('marks a statement that failed, and names no server for a reader', () => {
    channel('switchyard:query').publish({ ...query, role: 'reader', failed: true });
    const [span] = exporter.getFinishedSpans();
    expect(span?.status.code).toBe(SpanStatusCode.ERROR);
    expect(span?.attributes).not.toHaveProperty('server.address');
  });

  it('leaves the statements of another fleet in the process to whoever traces that one', () => {
    channel('switchyard:query').publish({ ...query, fleet: 'g' });
    expect(exporter.getFinishedSpans()).toEqual([]);
  });

  it('notes late use and escapes on the span that is active', () => {
    tracer.startActiveSpan('request', (request) => {
      const frame = context.onPlacement(anna, () => {
        unfenced('a repair', () => undefined);
        return currentFrame();
      });
      reportLateUse(frame, 'find Account');
      request.end();
    });
    const events = exporter.getFinishedSpans()[0]?.events ?? [];
    expect(events.map(({ name }) => name)).toEqual(['switchyard.unfenced', 'switchyard.late_use']);
    expect(events[0]?.attributes).toMatchObject({ 'switchyard.reason': 'a repair' });
    expect(events[1]?.attributes).toMatchObject({
      'switchyard.attempted': 'find Account',
      'switchyard.place': 'us1 (tenant t_a, epoch 3)',
    });
  });

  it('is silent once it has been stopped', () => {
    stop();
    channel('switchyard:query').publish(query);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

function attributes(): unknown {
  return exporter.getFinishedSpans()[0]?.attributes;
}
