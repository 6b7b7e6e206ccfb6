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

/** Texts that were read before: jobs of one place have the same, unless telemetry adds to it. */
const KNOWN = new Map<string, JobMetadata>();
const MAX_KNOWN = 1_000;
/** Longer ones are not ours, or of a name that nobody has. */
const MAX_KNOWN_LENGTH = 500;

function keep(text: string, metadata: JobMetadata): JobMetadata {
  if (KNOWN.size >= MAX_KNOWN) KNOWN.clear();
  KNOWN.set(text, metadata);
  return metadata;
}

/** The one text for both. */
export function writeMetadata({ envelope, telemetry }: JobMetadata): string {
  if (envelope === undefined) return telemetry ?? '';
  return JSON.stringify({ [KEY]: envelope, telemetry });
}

/** Splits what `writeMetadata` wrote; any other text is taken for the user's telemetry. */
export function readMetadata(text: string | undefined): JobMetadata {
  if (text === undefined || text === '') return {};
  if (!text.startsWith(`{"${KEY}":`)) return { telemetry: text };
  const known = KNOWN.get(text);
  if (known !== undefined) return known;
  try {
    const { [KEY]: envelope, telemetry } = JSON.parse(text) as {
      [KEY]: JobEnvelope;
      telemetry?: string;
    };
    if (telemetry !== undefined || text.length > MAX_KNOWN_LENGTH) return { envelope, telemetry };
    return keep(text, { envelope: Object.freeze(envelope) });
  } catch {
    return { telemetry: text };
  }
}
