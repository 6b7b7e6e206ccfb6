import type { Span } from '@opentelemetry/api';
import { currentFrame } from '../storage.ts';
import { shardAttributes } from './attributes.ts';

/** The SDK's interface of a span processor, as far as this one needs it. */
export interface ShardSpanProcessor {
  onStart(span: Span): void;
  onEnd(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Span processor: stamps every span that is started inside a shard context with its shard, role and
 * tenant: spans of drivers, of queues and of your own code. Register it before the processor that
 * exports.
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
