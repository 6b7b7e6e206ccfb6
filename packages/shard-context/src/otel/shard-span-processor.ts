import type { Span } from '@opentelemetry/api';
import { currentFrame } from '../storage.ts';
import { shardAttributes } from './attributes.ts';

/** What the SDK asks of a span processor, as far as this one uses it. */
export interface ShardSpanProcessor {
  onStart(span: Span): void;
  onEnd(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Span processor: stamps every span that is started inside a shard context with its shard, role and
 * tenant, whoever starts it (drivers', queues' and your own instrumentations). Register it before
 * the exporting one.
 *
 * ```ts
 * new NodeTracerProvider({ spanProcessors: [shardSpanProcessor(), exporting] });
 * ```
 */
export function shardSpanProcessor(): ShardSpanProcessor {
  return {
    onStart: (span) => void span.setAttributes(shardAttributes(currentFrame())),
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
}
