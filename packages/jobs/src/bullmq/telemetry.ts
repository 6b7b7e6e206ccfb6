import type { ContextManager, Span, SpanOptions, Telemetry, Tracer } from 'bullmq';
import { SpanKind } from 'bullmq';
import { currentFrame, type Frame, outsideContext } from '@switchyard/shard-context';

import { Activity, runInFrame } from '@switchyard/shard-context/internal';
import { writeEnvelope, type JobEnvelope, type JobSigning } from '../envelope.ts';
import type { Sharding } from './sharding.ts';
import { readMetadata, writeMetadata } from './metadata.ts';

/** The value that BullMQ's telemetry calls pass on: our envelope and the user's own context. */
interface Carried {
  readonly envelope: JobEnvelope | undefined;
  readonly own: unknown;
}

/**
 * Carries the shard context through BullMQ's telemetry interface, together with the user's own
 * telemetry. Sharded queues and workers install it themselves; give it to plain ones whose jobs must
 * carry their place. It does not enter the place: the processor does, because BullMQ does not handle
 * an error that is thrown in telemetry as a failure of the job.
 */
export function shardTelemetry(own?: Telemetry, signing?: JobSigning): Telemetry<Carried> {
  return {
    tracer: new CarryingTracer(own?.tracer),
    contextManager: new CarryingContextManager(own?.contextManager, signing),
    ...(own?.meter === undefined ? {} : { meter: own.meter }),
  };
}

/** The options, with their telemetry, where they have one, extended by our envelope. */
export function composed<O extends { telemetry?: Telemetry; readonly sharding: Sharding }>(
  options: O,
): O {
  if (options.telemetry === undefined) return options;
  return { ...options, telemetry: shardTelemetry(options.telemetry, options.sharding.signing) };
}

/** The text that the user's own telemetry writes for a job that is made here. */
export function ownMetadata(telemetry: Telemetry | undefined): string | undefined {
  if (telemetry === undefined) return undefined;
  const { contextManager } = telemetry;
  return readMetadata(contextManager.getMetadata(contextManager.active())).telemetry;
}

/** The frames that we opened around the processing of a job, and the value that the job carried. */
const carriedBy = new WeakMap<Frame, Carried>();

class CarryingContextManager implements ContextManager<Carried> {
  readonly #own: ContextManager | undefined;
  readonly #signing: JobSigning | undefined;

  constructor(own: ContextManager | undefined, signing: JobSigning | undefined) {
    this.#own = own;
    this.#signing = signing;
  }

  /** Runs `fn` outside every shard context, so that the context that built a worker reaches no job. */
  with<F extends (...args: never[]) => unknown>(carried: Carried, fn: F): ReturnType<F> {
    const run = () => fn() as ReturnType<F>;
    const inside = () => (this.#own === undefined ? run() : this.#own.with(carried.own, run));
    if (carried.envelope === undefined) return outsideContext(inside);
    const frame = neutralFrame(this.with);
    carriedBy.set(frame, carried);
    return runInFrame(frame, inside);
  }

  active(): Carried {
    const own: unknown = this.#own?.active();
    const frame = currentFrame();
    const carried = frame === undefined ? undefined : carriedBy.get(frame);
    if (carried !== undefined) return { envelope: carried.envelope, own };
    return { envelope: envelopeHere(frame, this.#signing), own };
  }

  root(): Carried {
    return { envelope: undefined, own: this.#own?.root?.() ?? this.#own?.active() };
  }

  getMetadata({ envelope, own }: Carried): string {
    return writeMetadata({ envelope, telemetry: this.#own?.getMetadata(own) });
  }

  fromMetadata(active: Carried, metadata: string): Carried {
    const { envelope, telemetry } = readMetadata(metadata);
    if (this.#own === undefined || telemetry === undefined) return { envelope, own: active.own };
    return { envelope, own: this.#own.fromMetadata(active.own, telemetry) };
  }
}

/** Undefined outside every context: a plain queue may belong to no tenant. */
function envelopeHere(
  frame: Frame | undefined,
  signing: JobSigning | undefined,
): JobEnvelope | undefined {
  const place = frame?.place;
  return place === undefined ? undefined : writeEnvelope(place.fleet, place, signing);
}

/** A frame without a place: it acts like no frame, but can be recognised. */
function neutralFrame(opener: (...args: never[]) => unknown): Frame {
  const activity = new Activity(undefined, opener);
  const axes = { role: 'writer', readOnly: false, locked: false, unfenced: undefined } as const;
  return Object.freeze({ place: undefined, ...axes, activity });
}

class CarryingTracer implements Tracer<Carried> {
  readonly #own: Tracer | undefined;

  constructor(own: Tracer | undefined) {
    this.#own = own;
  }

  startSpan(name: string, options?: SpanOptions, context?: Carried): Span<Carried> {
    const span = this.#own?.startSpan(name, options, context?.own);
    // A job that carries no context must not get the context that was active when its worker was built.
    const carries = options?.kind !== SpanKind.CONSUMER || context !== undefined;
    return new CarryingSpan(span, carries);
  }
}

class CarryingSpan implements Span<Carried> {
  readonly #own: Span | undefined;
  readonly #carries: boolean;

  constructor(own: Span | undefined, carries: boolean) {
    this.#own = own;
    this.#carries = carries;
  }

  setSpanOnContext({ envelope, own }: Carried): Carried {
    return {
      envelope: this.#carries ? envelope : undefined,
      own: this.#own === undefined ? own : this.#own.setSpanOnContext(own),
    };
  }

  setAttribute(...args: Parameters<Span['setAttribute']>): void {
    this.#own?.setAttribute(...args);
  }

  setAttributes(...args: Parameters<Span['setAttributes']>): void {
    this.#own?.setAttributes(...args);
  }

  addEvent(...args: Parameters<Span['addEvent']>): void {
    this.#own?.addEvent(...args);
  }

  recordException(...args: Parameters<Span['recordException']>): void {
    this.#own?.recordException(...args);
  }

  end(): void {
    this.#own?.end();
  }
}
