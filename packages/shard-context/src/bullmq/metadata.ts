import type { JobEnvelope } from '../jobs/index.ts';

/**
 * BullMQ keeps one text per job for telemetry (`opts.telemetry.metadata`). Ours is JSON with the
 * envelope and, untouched, the text of the user's own telemetry.
 */
export interface JobMetadata {
  readonly envelope?: JobEnvelope | undefined;
  /** What the user's telemetry wrote. */
  readonly telemetry?: string | undefined;
}

const KEY = 'switchyard';

/** The one text for both. */
export function writeMetadata({ envelope, telemetry }: JobMetadata): string {
  if (envelope === undefined) return telemetry ?? '';
  return JSON.stringify({ [KEY]: envelope, telemetry });
}

/** Splits what `writeMetadata` wrote; any other text is taken for the user's telemetry. */
export function readMetadata(text: string | undefined): JobMetadata {
  if (text === undefined || text === '') return {};
  if (!text.startsWith(`{"${KEY}":`)) return { telemetry: text };
  try {
    const { [KEY]: envelope, telemetry } = JSON.parse(text) as {
      [KEY]: JobEnvelope;
      telemetry?: string;
    };
    return { envelope, telemetry };
  } catch {
    return { telemetry: text };
  }
}
